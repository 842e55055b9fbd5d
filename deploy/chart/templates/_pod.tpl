{{/*
The pod of a run, or of a preflight. Takes root, command (run or preflight), and index: which of the clusters, as a
number or as $(JOB_COMPLETION_INDEX), which kubelet replaces in arguments.
*/}}
{{- define "auditpack.pod" -}}
{{- $root := .root }}
{{- $v := $root.Values }}
{{- $from := include "auditpack.planFrom" $root -}}
serviceAccountName: {{ include "auditpack.serviceAccount" $root }}
# The token is mounted below, into one container and for one hour.
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
{{- with $v.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if or (eq $from "git") $v.extraInitContainers }}
initContainers:
  {{- if eq $from "git" }}
  - name: plan
    image: {{ $v.plan.git.image | quote }}
    command:
      - git
      {{- if $v.plan.git.credentialsSecret }}
      - -c
      - credential.helper=store --file=/git/credentials
      {{- end }}
      - clone
      - --depth=1
      - --single-branch
      - {{ printf "--branch=%s" $v.plan.git.ref | quote }}
      - --
      - {{ $v.plan.git.url | quote }}
      - /plan/checkout
    env:
      - {name: HOME, value: /plan}
      - {name: GIT_TERMINAL_PROMPT, value: "0"}
    securityContext:
      {{- toYaml $v.securityContext | nindent 6 }}
    resources:
      {{- toYaml $v.resources | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
    volumeMounts:
      - {name: plan, mountPath: /plan}
      {{- if $v.plan.git.credentialsSecret }}
      - {name: git-credentials, mountPath: /git, readOnly: true}
      {{- end }}
  {{- end }}
  {{- with $v.extraInitContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
containers:
  - name: auditpack
    image: {{ include "auditpack.image" $root | quote }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    args:
      {{- include "auditpack.args" . | nindent 6 }}
    env:
      - {name: GOMEMLIMIT, value: {{ $v.goMemLimit | quote }}}
      {{- with $v.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with $v.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $v.securityContext }}
    securityContext:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml $v.resources | nindent 6 }}
    # The program writes why it failed into the termination message; for what it cannot write, such as a crash, the log stands in.
    terminationMessagePolicy: FallbackToLogsOnError
    volumeMounts:
      - {name: plan, mountPath: /plan, readOnly: true}
      - {name: scratch, mountPath: /tmp}
      {{- if $v.clusters }}
      - {name: kubeconfigs, mountPath: /kubeconfigs, readOnly: true}
      {{- else }}
      - {name: api-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
      {{- end }}
      {{- if eq .command "run" }}
      {{- if $v.persistence.enabled }}
      - {name: bundles, mountPath: /bundles}
      {{- end }}
      {{- if eq $v.signing.mode "key" }}
      - {name: signing, mountPath: /signing, readOnly: true}
      {{- else if eq $v.signing.mode "keyless" }}
      - {name: identity, mountPath: /var/run/sigstore/cosign, readOnly: true}
      {{- end }}
      {{- if $v.notify.webhook.secretName }}
      - {name: notify, mountPath: /notify, readOnly: true}
      {{- end }}
      {{- end }}
      {{- with $v.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: scratch
    emptyDir: {sizeLimit: {{ $v.scratchSizeLimit }}}
  {{- include "auditpack.planVolumes" $root | nindent 2 }}
  {{- include "auditpack.accessVolume" $root | nindent 2 }}
  {{- if eq .command "run" }}
  {{- if $v.persistence.enabled }}
  - name: bundles
    persistentVolumeClaim: {claimName: {{ include "auditpack.claim" $root }}}
  {{- end }}
  {{- if eq $v.signing.mode "key" }}
  - name: signing
    secret:
      secretName: {{ $v.signing.key.secretName }}
      defaultMode: 0440
      items:
        - {key: cosign.key, path: cosign.key}
        - {key: cosign.password, path: cosign.password}
  {{- else if eq $v.signing.mode "keyless" }}
  - name: identity
    projected:
      defaultMode: 0440
      sources:
        - serviceAccountToken:
            path: oidc-token
            audience: {{ $v.signing.keyless.audience }}
            expirationSeconds: {{ $v.signing.keyless.tokenExpirationSeconds | int64 }}
  {{- end }}
  {{- with $v.notify.webhook.secretName }}
  - name: notify
    secret:
      secretName: {{ . }}
      defaultMode: 0440
      items:
        - {key: url, path: url}
  {{- end }}
  {{- end }}
  {{- with $v.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $v.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "auditpack.args" -}}
{{- $v := .root.Values }}
{{- $from := include "auditpack.planFrom" .root -}}
- {{ .command }}
{{- if ne $from "spec" }}
- {{ printf "--file=/plan/%s%s" (ternary "checkout/" "" (eq $from "git")) (replace "$(JOB_COMPLETION_INDEX)" (toString .index) $v.plan.path) | quote }}
{{- else if $v.clusters }}
- {{ printf "--file=/plan/plan-%v.yaml" .index | quote }}
{{- else }}
- --file=/plan/plan.yaml
{{- end }}
{{- if $v.clusters }}
- {{ printf "--kubeconfig=/kubeconfigs/%v" .index | quote }}
{{- end }}
{{- if ne $v.secrets "none" }}
- --secrets={{ $v.secrets }}
{{- end }}
{{- if eq .command "run" }}
- --out=/tmp/bundles
# Fails at once, and not with the bundle lost, when the plan names no place for it.
- --require-publish
{{- with $v.signing }}
{{- if eq .mode "key" }}
- --key=/signing/cosign.key
- --password-file=/signing/cosign.password
{{- else if eq .mode "kms" }}
- {{ printf "--key=%s" .kms.reference | quote }}
{{- else if eq .mode "keyless" }}
- {{ printf "--fulcio-url=%s" .keyless.fulcioURL | quote }}
- --identity-token-file=/var/run/sigstore/cosign/oidc-token
{{- end }}
{{- if .timestamp.url }}
- {{ printf "--timestamp-url=%s" .timestamp.url | quote }}
{{- end }}
{{- if .timestamp.required }}
- --require-timestamp
{{- end }}
{{- end }}
{{- if $v.failOn }}
- --fail-on={{ $v.failOn }}
{{- end }}
{{- range $v.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "auditpack.planVolumes" -}}
{{- $v := .Values }}
{{- $from := include "auditpack.planFrom" . -}}
- name: plan
{{- if eq $from "git" }}
  emptyDir: {sizeLimit: 1Gi}
{{- if $v.plan.git.credentialsSecret }}
- name: git-credentials
  secret:
    secretName: {{ $v.plan.git.credentialsSecret }}
    defaultMode: 0440
    items:
      - {key: credentials, path: credentials}
{{- end }}
{{- else if eq $from "volume" }}
  {{- toYaml $v.plan.volume | nindent 2 }}
{{- else if eq $from "configMap" }}
  configMap: {name: {{ $v.plan.existingConfigMap }}}
{{- else }}
  configMap:
    name: {{ include "auditpack.fullname" . }}-plan
    items:
      {{- if $v.clusters }}
      {{- range $i, $_ := $v.clusters }}
      - {key: plan-{{ $i }}.yaml, path: plan-{{ $i }}.yaml}
      {{- end }}
      {{- else }}
      - {key: plan.yaml, path: plan.yaml}
      {{- end }}
      {{- range $path, $_ := $v.plan.files }}
      - {key: {{ replace "/" "__" $path | quote }}, path: {{ $path | quote }}}
      {{- end }}
{{- end }}
{{- end }}

{{/* What reaches the clusters: the kubeconfigs, or a token of the service account and what client-go looks for beside it. */}}
{{- define "auditpack.accessVolume" -}}
{{- if .Values.clusters -}}
- name: kubeconfigs
  projected:
    defaultMode: 0440
    sources:
      {{- range $i, $c := .Values.clusters }}
      - secret:
          name: {{ $c.secretName }}
          items:
            - {key: {{ default "kubeconfig" $c.key }}, path: {{ $i | quote }}}
      {{- end }}
{{- else -}}
- name: api-token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap:
          name: kube-root-ca.crt
          items:
            - {key: ca.crt, path: ca.crt}
      - downwardAPI:
          items:
            - {path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}
{{- end }}
{{- end }}
