<?php

declare(strict_types=1);

// The whole API. Each answer repeats its path and names its task, so that a client can tell a right answer from a wrong
// one.

const SLOW_NANOSECONDS = 300_000_000;

// PHP's sleep ends early when php-fpm passes a stop signal on, so the clock decides, not the sleep.
function work_until(int $deadline): void
{
    while (($left = $deadline - hrtime(true)) > 0) {
        usleep(min(10_000, intdiv($left, 1000) + 1));
    }
}

// The last part of the task's ARN, asked once per container; the host name where there is no metadata endpoint.
function task_name(): string
{
    $known = '/tmp/task-name';
    $name = @file_get_contents($known);
    if ($name !== false && $name !== '') {
        return $name;
    }
    $endpoint = getenv('ECS_CONTAINER_METADATA_URI_V4');
    $within = stream_context_create(['http' => ['timeout' => 1.0]]);
    $answer = $endpoint ? @file_get_contents($endpoint . '/task', false, $within) : false;
    $task = $answer === false ? null : json_decode($answer, true);
    $name = is_string($task['TaskARN'] ?? null) ? basename($task['TaskARN']) : (string) gethostname();
    file_put_contents($known, $name, LOCK_EX);
    return $name;
}

function answer(int $status, bool $ok, string $path): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo json_encode(
        ['ok' => $ok, 'path' => $path, 'task' => task_name(), 'variant' => getenv('VARIANT') ?: 'none'],
        JSON_UNESCAPED_SLASHES
    ), "\n";
}

$started = hrtime(true);
$path = (string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH);
switch ($path) {
    case '/api/hello':
    case '/api/health':
        answer(200, true, $path);
        break;
    case '/api/slow':
        work_until($started + SLOW_NANOSECONDS);
        answer(200, true, $path);
        break;
    default:
        answer(404, false, $path);
}
