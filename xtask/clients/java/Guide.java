import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.FilesApi;
import org.openapitools.client.api.TasksApi;
import org.openapitools.client.api.UploadApi;
import org.openapitools.client.model.TaskCreate;
import org.openapitools.client.model.UploadComplete;
import org.openapitools.client.model.UploadInit;
import org.openapitools.client.model.UploadPartReport;
import org.openapitools.client.model.UploadPartReportResponse;

public class Guide {
    interface Call<T> {
        T send() throws ApiException;
    }

    /** Waits out the rate limit: a 429 says in a header when the next request may be sent. */
    static <T> T patiently(Call<T> call) throws Exception {
        while (true) {
            try {
                return call.send();
            } catch (ApiException refused) {
                if (refused.getCode() != 429) {
                    throw refused;
                }
                long reset = refused.getResponseHeaders().firstValueAsLong("X-RateLimit-Reset").orElse(0);
                Thread.sleep(Math.max(100, reset * 1000 - System.currentTimeMillis()));
            }
        }
    }

    /** The client sends a map as text, `metadata={metadata.sample_id=S1}`. Each entry is a parameter of its own. */
    static URI withoutMaps(URI uri) {
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        String entries = Pattern.compile("\\bmetadata=%7B(.*?)%7D").matcher(query)
            .replaceAll(map -> map.group(1).replace("%3D", "=").replace("%2C%20", "&"));
        return query.isEmpty() ? uri : URI.create(uri.toString().replace(query, entries));
    }

    public static void main(String[] arguments) throws Exception {
        String project = System.getenv("SBG_PROJECT");
        ApiClient api = new ApiClient();
        api.updateBaseUri(System.getenv("SB_API_ENDPOINT"));
        api.setRequestInterceptor(request -> {
            request.header("X-SBG-Auth-Token", System.getenv("SB_AUTH_TOKEN"));
            request.uri(withoutMaps(request.build().uri()));
        });
        FilesApi files = new FilesApi(api);
        UploadApi uploads = new UploadApi(api);
        TasksApi tasks = new TasksApi(api);
        // Signed URLs lead to the storage, which must not get the token: it has a client of its own.
        HttpClient storage = HttpClient.newHttpClient();

        // List a folder, then the files of one sample in it.
        var root = patiently(() -> files.fileList(project, null, null, null, null, null, null, null, null, null));
        String reads = root.getItems().stream().filter(item -> item.getName().equals("reads")).findFirst().orElseThrow().getId();
        Map<String, String> sample = Map.of("metadata.sample_id", "S1");
        patiently(() -> files.fileList(null, reads, null, null, null, null, sample, null, null, null)).getItems()
            .forEach(file -> System.out.println(file.getId() + " " + file.getName()));

        // Upload in parts. The platform chooses their size.
        byte[] content = "ACGT\n".repeat(100_000).getBytes();
        String name = "java-" + System.nanoTime() + ".txt";
        UploadInit start = new UploadInit().project(project).name(name).size((long) content.length).partSize(262_144);
        var upload = patiently(() -> uploads.uploadInit(start, null));
        for (int at = 0, next = 1; at < content.length; at += upload.getPartSize(), next++) {
            int number = next;
            var part = patiently(() -> uploads.uploadPartUrl(upload.getUploadId(), number));
            byte[] bytes = Arrays.copyOfRange(content, at, (int) Math.min(at + upload.getPartSize(), content.length));
            var put = HttpRequest.newBuilder(URI.create(part.getUrl())).PUT(HttpRequest.BodyPublishers.ofByteArray(bytes));
            var stored = storage.send(put.build(), BodyHandlers.discarding());
            String etag = stored.headers().firstValue("ETag").orElseThrow().replace("\"", "");
            var response = new UploadPartReportResponse().headers(Map.of("ETag", etag));
            var report = new UploadPartReport().partNumber(number).response(response);
            patiently(() -> uploads.uploadPartReport(upload.getUploadId(), report));
        }
        var file = patiently(() -> uploads.uploadComplete(upload.getUploadId(), new UploadComplete()));

        // Download.
        String url = patiently(() -> files.fileDownloadInfo(file.getId(), null)).getUrl();
        var downloaded = storage.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofByteArray());
        if (!Arrays.equals(downloaded.body(), content)) {
            throw new IllegalStateException("the download differs");
        }

        // Run a task and wait for it.
        TaskCreate create = new TaskCreate().name("Count lines").project(project).app(project + "/line-count");
        create.inputs(Map.of("file", Map.of("class", "File", "path", file.getId())));
        String id = patiently(() -> tasks.taskCreate(create, null, null, null)).getId();
        var task = patiently(() -> tasks.taskRun(id, null, null, null));
        while (!List.of("COMPLETED", "FAILED", "ABORTED").contains(task.getStatus())) {
            Thread.sleep(1000);
            task = patiently(() -> tasks.taskGet(id, null));
        }
        System.out.println("task " + task.getStatus());
    }
}
