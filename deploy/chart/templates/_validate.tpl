{{/* What values.schema.json cannot say: settings that exclude or need each other. */}}
{{- define "auditpack.validate" -}}
{{- $v := .Values }}
{{- $from := include "auditpack.planFrom" . }}
{{- $given := list }}
{{- if or $v.plan.spec $v.plan.files $v.plan.name }}{{ $given = append $given "plan.spec, plan.files or plan.name" }}{{ end }}
{{- if $v.plan.existingConfigMap }}{{ $given = append $given "plan.existingConfigMap" }}{{ end }}
{{- if $v.plan.git.url }}{{ $given = append $given "plan.git.url" }}{{ end }}
{{- if $v.plan.volume }}{{ $given = append $given "plan.volume" }}{{ end }}
{{- if gt (len $given) 1 }}
{{- fail (printf "the plan comes from one place, and these name more than one: %s" (join "; " $given)) }}
{{- end }}
{{- if and (eq $from "git") (not $v.plan.git.image) }}
{{- fail "plan.git.image: name an image with git in it, by digest if you can" }}
{{- end }}
{{- if and (eq $from "spec") (not $v.persistence.enabled) (not $v.publish) (not $v.plan.spec.publish) }}
{{- fail "nothing keeps the bundles: they would go with the pod. Set persistence.enabled, or name a place under publish" }}
{{- end }}
{{- if and (ne $from "spec") $v.publish }}
{{- fail "publish: the plan is a file of yours, so write the places there, under spec.publish" }}
{{- end }}
{{- if and (ne $from "spec") (or $v.notify.pushgateway.url $v.notify.webhook.required) }}
{{- fail "notify: the plan is a file of yours, so write the receivers there, under spec.notify; of these values only webhook.secretName has an effect" }}
{{- end }}
{{- if and $v.plan.spec.notify (or $v.notify.pushgateway.url $v.notify.webhook.secretName) }}
{{- fail "notify: plan.spec.notify names receivers, too; write them in one place" }}
{{- end }}
{{- if and (ne $from "spec") $v.persistence.keep }}
{{- fail "persistence.keep: the plan is a file of yours, so write the rules there, under spec.publish beside `to: file:///bundles`" }}
{{- end }}
{{- if and (ne $from "spec") $v.clusters (not (contains "$(JOB_COMPLETION_INDEX)" $v.plan.path)) }}
{{- fail "plan.path: each of the clusters needs a plan of its own, as in plan-$(JOB_COMPLETION_INDEX).yaml; the first cluster has the number 0" }}
{{- end }}
{{- if and (eq $from "spec") $v.clusters $v.plan.spec.clusters }}
{{- fail "plan.spec.clusters: each cluster of `clusters` gets a plan of its own that names it; leave this out" }}
{{- end }}
{{- $names := list }}
{{- range $v.clusters }}
{{- if has .name $names }}{{ fail (printf "clusters: %s is there twice, and their bundles would have one name" .name) }}{{ end }}
{{- $names = append $names .name }}
{{- end }}
{{- with $v.signing }}
{{- if and (eq .mode "key") (not .key.secretName) }}
{{- fail "signing.key.secretName: name the Secret that holds cosign.key and cosign.password" }}
{{- end }}
{{- if and (eq .mode "kms") (not .kms.reference) }}
{{- fail "signing.kms.reference: name the key, as awskms:///alias/audit" }}
{{- end }}
{{- if and (eq .mode "keyless") (not .keyless.fulcioURL) }}
{{- fail "signing.keyless.fulcioURL: name the Fulcio that trusts the issuer of this cluster" }}
{{- end }}
{{- if and (eq .mode "keyless") (not .timestamp.url) }}
{{- fail "signing.timestamp.url: a keyless signature needs a timestamp, because its certificate is valid for minutes" }}
{{- end }}
{{- if and .timestamp.required (not .timestamp.url) (ne .mode "plan") }}
{{- fail "signing.timestamp.url: name the authority whose timestamp is required" }}
{{- end }}
{{- end }}
{{- end }}
