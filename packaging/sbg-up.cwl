cwlVersion: v1.2
class: CommandLineTool
label: Upload files to the Seven Bridges Platform
doc: |
  Uploads files to a project or folder, with metadata and tags. Files that are there already are not sent again.
  The credentials are a file, because the values of other inputs are shown to everybody who can see the task.
baseCommand: [sbg, --json, up]
requirements:
  NetworkAccess:
    networkAccess: true
  InitialWorkDirRequirement:
    listing:
      # The runner sets HOME to this folder.
      - entryname: .sevenbridges/credentials
        entry: $(inputs.credentials)
hints:
  DockerRequirement:
    dockerImageId: sbg
  ResourceRequirement:
    coresMin: 2
    ramMin: 512
inputs:
  credentials:
    type: File
    doc: Credentials file with the profile, as `sbg configure` writes it
  profile:
    type: string?
    inputBinding: {prefix: --profile, position: 1}
  metadata:
    type:
      - 'null'
      - type: array
        items: string
        inputBinding: {prefix: --metadata}
    doc: Metadata of each file, as KEY=VALUE
    inputBinding: {position: 1}
  tags:
    type:
      - 'null'
      - type: array
        items: string
        inputBinding: {prefix: --tag}
    inputBinding: {position: 1}
  on_conflict:
    type:
      - 'null'
      - type: enum
        symbols: [fail, skip, overwrite, rename]
    inputBinding: {prefix: --on-conflict, position: 1}
  files:
    type: File[]
    inputBinding: {position: 2}
  destination:
    type: string
    doc: Project or folder, such as `owner/project/folder/`
    inputBinding: {position: 3}
outputs:
  report:
    type: stdout
    doc: One JSON object a line for each file
stdout: uploaded.jsonl
temporaryFailCodes: [75]
permanentFailCodes: [1, 2, 3, 4, 5]
