# The scenario of the matrix with the Ruby client of OpenAPI Generator. `cargo xtask clients` runs it.

require 'net/http'

require 'sbg_api'

PART_SIZE = 2048
CONTENT = (0..255).to_a.pack('C*') * 12

def client(endpoint, config = SbgApi::Configuration.new)
  uri = URI(endpoint)
  config.scheme, config.host, config.base_path = uri.scheme, "#{uri.host}:#{uri.port}", uri.path
  config.server_index = nil
  config.api_key['X-SBG-Auth-Token'] = ENV.fetch('SB_AUTH_TOKEN')
  # Several names are sent as `name=a&name=b`, not as `name[]=a`.
  config.params_encoding = :multi
  SbgApi::ApiClient.new(config)
end

API = client(ENV.fetch('SB_API_ENDPOINT'))
ODD = client(ENV.fetch('SBG_ODD_ENDPOINT'))
FILES = SbgApi::FilesApi.new(API)
UPLOADS = SbgApi::UploadApi.new(API)

# A request to the storage, which must not get the token.
def storage(verb, url, body = nil, headers = {})
  uri = URI(url)
  request = Net::HTTP.const_get(verb.capitalize).new(uri, headers)
  request.body = body
  response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') { |http| http.request(request) }
  raise "storage: #{response.code}" unless response.is_a?(Net::HTTPSuccess)

  response
end

def upload(parent, name, content)
  start = SbgApi::UploadInit.new(name: name, parent: parent, size: content.bytesize, part_size: PART_SIZE)
  upload = UPLOADS.upload_init(start)
  (0...content.bytesize).step(upload.part_size).with_index(1) do |at, number|
    part = UPLOADS.upload_part_url(upload.upload_id, number)
    stored = storage(part.method || 'PUT', part.url, content.byteslice(at, upload.part_size), part.headers || {})
    headers = (part.report&.headers || []).to_h { |header| [header, stored[header].delete('"')] }
    response = SbgApi::UploadPartReportResponse.new(headers: headers)
    UPLOADS.upload_part_report(upload.upload_id, SbgApi::UploadPartReport.new(part_number: number, response: response))
  end
  UPLOADS.upload_complete(upload.upload_id, SbgApi::UploadComplete.new)
end

def check(value, wanted)
  raise "#{value.inspect} instead of #{wanted.inspect}" unless value == wanted
end

def step(name)
  yield
  puts "#{name}: ok"
rescue StandardError, ScriptError => e
  puts "#{name}: #{e.class}: #{e.message.lines.first}"
end

step('account') { raise 'no name' if SbgApi::UsersApi.new(API).user_me.username.to_s.empty? }
step('project') do
  projects = SbgApi::ProjectsApi.new(API)
  @project = projects.project_create(SbgApi::ProjectCreate.new(name: 'From Ruby')).id
  check(projects.project_list.items.map(&:id).include?(@project), true)
end
step('folder') { @folder = FILES.folder_create(SbgApi::FolderCreate.new(name: 'reads', type: 'folder', project: @project)).id }
step('upload') { @file = upload(@folder, 'a.bam', CONTENT).id }
step('names') do
  upload(@folder, 'b.bam', CONTENT)
  upload(@folder, 'c.bam', CONTENT)
  check(FILES.file_list(parent: @folder, name: %w[a.bam b.bam]).items.map(&:name).sort, %w[a.bam b.bam])
end
step('metadata') do
  FILES.file_metadata_edit(@file, { 'sample_id' => 'S1' })
  %w[S1 S2].each do |sample|
    found = FILES.file_list(parent: @folder, metadata: { 'metadata.sample_id' => sample }).items
    check(found.length, sample == 'S1' ? 1 : 0)
  end
end
step('rename') { check(FILES.file_edit(@file, SbgApi::FileEdit.new(name: 'd.bam')).name, 'd.bam') }
step('download') { check(storage('GET', FILES.file_download_info(@file).url).body, CONTENT) }
step('tasks') { check(SbgApi::TasksApi.new(API).task_list(project: @project, fields: '_all').items, []) }
step('refusal') do
  FILES.file_get('missing')
  raise 'no error'
rescue SbgApi::ApiError => e
  check([e.code, JSON.parse(e.response_body)['code']], [404, 5002])
end
step('nulls') do
  file = SbgApi::FilesApi.new(ODD).file_get('nulls')
  check([file.id, file.name, file.size, file.storage], ['nulls', nil, nil, nil])
end
step('unknown') do
  file = SbgApi::FilesApi.new(ODD).file_get('odd')
  check([file.type, file.size, file.metadata['depth']], ['symlink', 5_000_000_000, 30])
  task = SbgApi::TasksApi.new(ODD).task_get('00000000-0000-4000-8000-000000000000')
  check([task.status, task.price.amount, task.execution_status.steps_total], ['HIBERNATING', '0.23', 5])
end
