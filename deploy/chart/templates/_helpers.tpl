{{- define "auditpack.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Names of Jobs are this and 11 characters more, and are labels of at most 63. */}}
{{- define "auditpack.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "auditpack.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "auditpack.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "auditpack.selector" -}}
app.kubernetes.io/name: {{ include "auditpack.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "auditpack.labels" -}}
{{ include "auditpack.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* ClusterRoles have no namespace, so their names have it. */}}
{{- define "auditpack.clusterName" -}}
{{ .Release.Namespace }}-{{ include "auditpack.fullname" . }}
{{- end }}

{{- define "auditpack.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "auditpack.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name: name the ServiceAccount, or set serviceAccount.create" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "auditpack.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* Where the plan comes from: spec, configMap, git or volume. */}}
{{- define "auditpack.planFrom" -}}
{{- with .Values.plan }}
{{- if .existingConfigMap }}configMap{{ else if .git.url }}git{{ else if .volume }}volume{{ else }}spec{{ end }}
{{- end }}
{{- end }}

{{- define "auditpack.claim" -}}
{{- default (printf "%s-bundles" (include "auditpack.fullname" .)) .Values.persistence.existingClaim }}
{{- end }}
