{{/* What the objects of this release are called. */}}
{{- define "adops.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "adops.serviceAccountName" -}}
{{- default (printf "%s-operator" (include "adops.fullname" .)) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "adops.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "adops.labels" -}}
{{ include "adops.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "adops.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end -}}

{{/* What the operator may do in the namespaces that it works in. Secrets: by name only, never listed or watched. */}}
{{- define "adops.operatorRules" -}}
- apiGroups: [adops.dev]
  resources: [adaccounts, campaigns]
  verbs: [get, list, watch, patch]
- apiGroups: [adops.dev]
  resources: [adaccounts/status, campaigns/status]
  verbs: [patch]
- apiGroups: [adops.dev]
  resources: [adaccounts/finalizers, campaigns/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
