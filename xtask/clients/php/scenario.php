<?php
// The scenario of the matrix with the PHP client of OpenAPI Generator. `cargo xtask clients` runs it; the first argument is the client.

declare(strict_types=1);

require 'GuzzleHttp/autoload.php';
spl_autoload_register(function (string $class) use ($argv): void {
    $file = $argv[1] . '/lib/' . str_replace(['OpenAPI\\Client\\', '\\'], ['', '/'], $class) . '.php';
    if (is_file($file)) {
        require $file;
    }
});

use GuzzleHttp\Client;
use OpenAPI\Client\Api;
use OpenAPI\Client\ApiException;
use OpenAPI\Client\Configuration;
use OpenAPI\Client\Model;

const PART_SIZE = 2048;
$content = str_repeat(implode('', array_map('chr', range(0, 255))), 12);

$http = new Client();
$config = (new Configuration())->setHost(getenv('SB_API_ENDPOINT'))->setApiKey('X-SBG-Auth-Token', getenv('SB_AUTH_TOKEN'));
$odd = (new Configuration())->setHost(getenv('SBG_ODD_ENDPOINT'))->setApiKey('X-SBG-Auth-Token', 'none');
$files = new Api\FilesApi($http, $config);
$uploads = new Api\UploadApi($http, $config);

function upload(Api\UploadApi $uploads, Client $storage, string $parent, string $name, string $content): Model\SbgFile
{
    $start = ['name' => $name, 'parent' => $parent, 'size' => strlen($content), 'part_size' => PART_SIZE];
    $upload = $uploads->uploadInit(new Model\UploadInit($start));
    foreach (str_split($content, $upload->getPartSize()) as $index => $bytes) {
        $part = $uploads->uploadPartUrl($upload->getUploadId(), $index + 1);
        // The storage must not get the token, so this request does not go through the generated client.
        $stored = $storage->request($part->getMethod() ?? 'PUT', $part->getUrl(), ['body' => $bytes, 'headers' => $part->getHeaders() ?? []]);
        $headers = [];
        foreach ($part->getReport()?->getHeaders() ?? [] as $header) {
            $headers[$header] = str_replace('"', '', $stored->getHeaderLine($header));
        }
        $response = new Model\UploadPartReportResponse(['headers' => $headers]);
        $uploads->uploadPartReport($upload->getUploadId(), new Model\UploadPartReport(['part_number' => $index + 1, 'response' => $response]));
    }
    return $uploads->uploadComplete($upload->getUploadId(), new Model\UploadComplete());
}

function check(mixed $value, mixed $wanted): void
{
    if ($value !== $wanted) {
        throw new Exception(json_encode($value) . ' instead of ' . json_encode($wanted));
    }
}

function step(string $name, callable $work): void
{
    try {
        $work();
        echo "$name: ok\n";
    } catch (Throwable $e) {
        echo "$name: " . $e::class . ': ' . strtok($e->getMessage(), "\n") . "\n";
    }
}

$names = fn (Model\FilePage $page): array => array_map(fn ($file) => $file->getName(), $page->getItems());
step('account', fn () => check((new Api\UsersApi($http, $config))->userMe()->getUsername() > '', true));
step('project', function () use ($http, $config, &$project): void {
    $projects = new Api\ProjectsApi($http, $config);
    $project = $projects->projectCreate(new Model\ProjectCreate(['name' => 'From PHP']))->getId();
    check(in_array($project, array_map(fn ($item) => $item->getId(), $projects->projectList()->getItems()), true), true);
});
step('folder', function () use ($files, &$project, &$folder): void {
    $folder = $files->folderCreate(new Model\FolderCreate(['name' => 'reads', 'type' => 'folder', 'project' => $project]))->getId();
});
step('upload', function () use ($uploads, $http, &$folder, $content, &$file): void {
    $file = upload($uploads, $http, $folder, 'a.bam', $content)->getId();
});
step('names', function () use ($files, $uploads, $http, &$folder, $content, $names): void {
    upload($uploads, $http, $folder, 'b.bam', $content);
    upload($uploads, $http, $folder, 'c.bam', $content);
    $found = $names($files->fileList(parent: $folder, name: ['a.bam', 'b.bam']));
    sort($found);
    check($found, ['a.bam', 'b.bam']);
});
step('metadata', function () use ($files, &$folder, &$file): void {
    $files->fileMetadataEdit($file, ['sample_id' => 'S1']);
    foreach (['S1' => 1, 'S2' => 0] as $sample => $count) {
        check(count($files->fileList(parent: $folder, metadata: ['metadata.sample_id' => $sample])->getItems()), $count);
    }
});
step('rename', function () use ($files, &$file): void {
    check($files->fileEdit($file, new Model\FileEdit(['name' => 'd.bam']))->getName(), 'd.bam');
});
step('download', function () use ($files, $http, &$file, $content): void {
    check((string) $http->get($files->fileDownloadInfo($file)->getUrl())->getBody() === $content, true);
});
step('tasks', function () use ($http, $config, &$project): void {
    check((new Api\TasksApi($http, $config))->taskList(project: $project, fields: '_all')->getItems(), []);
});
step('refusal', function () use ($files): void {
    try {
        $files->fileGet('missing');
    } catch (ApiException $e) {
        check([$e->getCode(), $e->getResponseObject()->getCode()], [404, 5002]);
        return;
    }
    throw new Exception('no error');
});
step('nulls', function () use ($http, $odd): void {
    $found = (new Api\FilesApi($http, $odd))->fileGet('nulls');
    check([$found->getId(), $found->getName(), $found->getSize(), $found->getStorage()], ['nulls', null, null, null]);
});
step('unknown', function () use ($http, $odd): void {
    $found = (new Api\FilesApi($http, $odd))->fileGet('odd');
    check([$found->getType(), $found->getSize(), $found->getMetadata()['depth']], ['symlink', 5_000_000_000, 30]);
    $task = (new Api\TasksApi($http, $odd))->taskGet('00000000-0000-4000-8000-000000000000');
    $values = [$task->getStatus(), $task->getPrice()->getAmount(), $task->getExecutionStatus()->getStepsTotal()];
    check($values, ['HIBERNATING', '0.23', 5]);
});
