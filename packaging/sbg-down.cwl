cwlVersion: v1.2
class: CommandLineTool
label: Download files from the Seven Bridges Platform
doc: |
  Downloads files and folders, verified. The credentials are a file, because the values of other inputs are shown to everybody who can see
  the task.
baseCommand: [sbg, --json, down]
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
arguments:
  - {valueFrom: downloaded/, position: 3}
inputs:
  credentials:
    type: File
    doc: Credentials file with the profile, as `sbg configure` writes it
  profile:
    type: string?
    inputBinding: {prefix: --profile, position: 1}
  sources:
    type: string[]
    doc: Paths, ids or URLs of files and folders
    inputBinding: {position: 2}
outputs:
  downloaded:
    type: Directory
    outputBinding: {glob: downloaded}
  report:
    type: stdout
    doc: One JSON object a line for each file
stdout: downloaded.jsonl
temporaryFailCodes: [75]
permanentFailCodes: [1, 2, 3, 4, 5]
