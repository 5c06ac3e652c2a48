// The scenario of the matrix with the Java client of OpenAPI Generator. `cargo xtask clients` runs it.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.FilesApi;
import org.openapitools.client.api.ProjectsApi;
import org.openapitools.client.api.TasksApi;
import org.openapitools.client.api.UploadApi;
import org.openapitools.client.api.UsersApi;
import org.openapitools.client.model.FileEdit;
import org.openapitools.client.model.FolderCreate;
import org.openapitools.client.model.FolderCreateType;
import org.openapitools.client.model.ProjectCreate;
import org.openapitools.client.model.SbgFile;
import org.openapitools.client.model.UploadComplete;
import org.openapitools.client.model.UploadInit;
import org.openapitools.client.model.UploadPartReport;
import org.openapitools.client.model.UploadPartReportResponse;

public class Scenario {
    static final int PART_SIZE = 2048;
    static final byte[] CONTENT = new byte[3072];
    static final HttpClient STORAGE = HttpClient.newHttpClient();
    static final ApiClient API = client(System.getenv("SB_API_ENDPOINT"));
    static final ApiClient ODD = client(System.getenv("SBG_ODD_ENDPOINT"));
    static final FilesApi FILES = new FilesApi(API);
    static String project, folder, file;

    interface Work {
        void run() throws Exception;
    }

    static ApiClient client(String endpoint) {
        ApiClient client = new ApiClient();
        client.updateBaseUri(endpoint);
        return client.setRequestInterceptor(request -> {
            request.header("X-SBG-Auth-Token", System.getenv("SB_AUTH_TOKEN"));
            request.uri(withoutMaps(request.build().uri()));
        });
    }

    /** The generated client sends a map as text, `metadata={metadata.sample_id=S1}`. Each entry is a parameter of its own. */
    static URI withoutMaps(URI uri) {
        String query = uri.getRawQuery();
        if (query == null) {
            return uri;
        }
        String entries = Pattern.compile("\\bmetadata=%7B(.*?)%7D").matcher(query)
            .replaceAll(map -> map.group(1).replace("%3D", "=").replace("%2C%20", "&"));
        return URI.create(uri.toString().replace(query, entries));
    }

    /** A request to the storage, which must not get the token. */
    static HttpResponse<byte[]> storage(String method, String url, byte[] body, Map<String, String> headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        HttpResponse<byte[]> response = STORAGE.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        check(response.statusCode() / 100, 2);
        return response;
    }

    static SbgFile upload(String parent, String name) throws Exception {
        UploadApi uploads = new UploadApi(API);
        UploadInit start = new UploadInit().name(name).parent(parent).size((long) CONTENT.length).partSize(PART_SIZE);
        String id = uploads.uploadInit(start, null).getUploadId();
        for (int at = 0, number = 1; at < CONTENT.length; at += PART_SIZE, number++) {
            var part = uploads.uploadPartUrl(id, number);
            byte[] bytes = Arrays.copyOfRange(CONTENT, at, Math.min(at + PART_SIZE, CONTENT.length));
            Map<String, String> sent = part.getHeaders() == null ? Map.of() : part.getHeaders();
            var stored = storage("PUT", part.getUrl(), bytes, sent);
            Map<String, String> headers = new HashMap<>();
            for (String header : part.getReport().getHeaders()) {
                headers.put(header, stored.headers().firstValue(header).orElseThrow().replace("\"", ""));
            }
            uploads.uploadPartReport(id, new UploadPartReport().partNumber(number).response(new UploadPartReportResponse().headers(headers)));
        }
        return uploads.uploadComplete(id, new UploadComplete());
    }

    static List<SbgFile> list(List<String> names, Map<String, String> metadata) throws ApiException {
        return FILES.fileList(null, folder, null, names, null, null, metadata, null, null, null).getItems();
    }

    static void check(Object value, Object wanted) {
        if (!String.valueOf(value).equals(String.valueOf(wanted))) {
            throw new IllegalStateException(value + " instead of " + wanted);
        }
    }

    static void step(String name, Work work) {
        try {
            work.run();
            System.out.println(name + ": ok");
        } catch (Exception e) {
            System.out.println(name + ": " + String.valueOf(e).lines().findFirst().orElse(""));
        }
    }

    public static void main(String[] arguments) {
        for (int at = 0; at < CONTENT.length; at++) {
            CONTENT[at] = (byte) at;
        }
        step("account", () -> check(new UsersApi(API).userMe(null).getUsername().isEmpty(), false));
        step("project", () -> {
            ProjectsApi projects = new ProjectsApi(API);
            project = projects.projectCreate(new ProjectCreate().name("From Java"), null).getId();
            var items = projects.projectList(null, null, null, null, null, null).getItems();
            check(items.stream().anyMatch(item -> item.getId().equals(project)), true);
        });
        step("folder", () -> {
            FolderCreate create = new FolderCreate().name("reads").type(FolderCreateType.FOLDER).project(project);
            folder = FILES.folderCreate(create).getId();
        });
        step("upload", () -> file = upload(folder, "a.bam").getId());
        step("names", () -> {
            upload(folder, "b.bam");
            upload(folder, "c.bam");
            check(list(List.of("a.bam", "b.bam"), null).stream().map(SbgFile::getName).sorted().toList(), "[a.bam, b.bam]");
        });
        step("metadata", () -> {
            FILES.fileMetadataEdit(file, Map.of("sample_id", "S1"), null);
            check(list(null, Map.of("metadata.sample_id", "S1")).size(), 1);
            check(list(null, Map.of("metadata.sample_id", "S2")).size(), 0);
        });
        step("rename", () -> check(FILES.fileEdit(file, new FileEdit().name("d.bam"), null).getName(), "d.bam"));
        step("download", () -> {
            String url = FILES.fileDownloadInfo(file, null).getUrl();
            check(Arrays.equals(storage("GET", url, new byte[0], Map.of()).body(), CONTENT), true);
        });
        step("tasks", () -> {
            var page = new TasksApi(API).taskList(project, null, null, null, null, null, null, null, null, null, null, null, null, "_all", null, null);
            check(page.getItems().size(), 0);
        });
        step("refusal", () -> {
            try {
                FILES.fileGet("missing", null);
            } catch (ApiException e) {
                var error = JSON.getDefault().getMapper().readTree(e.getResponseBody());
                check(List.of(e.getCode(), error.get("code").asInt()), List.of(404, 5002));
                return;
            }
            throw new IllegalStateException("no error");
        });
        step("nulls", () -> {
            var found = new FilesApi(ODD).fileGet("nulls", null);
            check(Arrays.asList(found.getId(), found.getName(), found.getSize(), found.getStorage()), "[nulls, null, null, null]");
        });
        step("unknown", () -> {
            var found = new FilesApi(ODD).fileGet("odd", null);
            check(List.of(found.getType(), found.getSize(), found.getMetadata().get("depth")), "[symlink, 5000000000, 30]");
            var task = new TasksApi(ODD).taskGet("00000000-0000-4000-8000-000000000000", null);
            var values = List.of(task.getStatus(), task.getPrice().getAmount(), task.getExecutionStatus().getStepsTotal());
            check(values, "[HIBERNATING, 0.23, 5]");
        });
    }
}
