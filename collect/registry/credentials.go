package registry

import (
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// keychain finds credentials as docker does, in its configuration and by the
// helpers that it names.
type keychain struct{ file *configfile.ConfigFile }

func dockerKeychain(folder string) (authn.Keychain, error) {
	file, err := config.Load(folder)
	if err != nil {
		return nil, err
	}
	return keychain{file}, nil
}

// Resolve implements authn.Keychain. A registry without credentials is asked anonymously.
func (k keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	for _, key := range []string{target.String(), target.RegistryStr()} {
		if key == name.DefaultRegistry {
			key = authn.DefaultAuthKey
		}
		found, err := k.file.GetAuthConfig(key)
		if err != nil {
			return nil, err
		}
		// The address comes back in any case; what counts is whether there is a secret.
		found.ServerAddress = ""
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}
