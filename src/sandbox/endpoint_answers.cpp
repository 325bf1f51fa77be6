#include "sandbox/endpoint_answers.hpp"

#include <sys/timex.h>

#include <algorithm>

#include "base/text.hpp"
#include "reactor/wall_clock.hpp"
#include "sandbox/metadata.hpp"

namespace utakata::sandbox {
namespace {

constexpr f64 requests_per_second = 40;
constexpr f64 requests_at_once = 60;
constexpr Duration patience = seconds(5);
constexpr Duration least_sample_distance = seconds(1);
constexpr Duration between_looks = milliseconds(20);
constexpr int looks_at_start = 50;

http::Response json_response(int status, const str& text) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = text};
}
http::Response json_response(int status, const Json& json) { return json_response(status, json.write()); }
http::Response not_found() {
  return {.status = 404, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = "404 page not found\n"};
}

ClockDrift clock_drift() {
  timex kernel{};
  const int state = adjtimex(&kernel);
  return {.error_bound_milliseconds = static_cast<f64>(kernel.maxerror) / 1000,
          .synchronized = state >= 0 && state != TIME_ERROR,
          .at = reactor::wall_clock()};
}

const ContainerState* state_of(const TaskPicture& picture, const str& name) {
  const auto at = std::ranges::find(picture.report.containers, name, &ContainerState::name);
  return at != picture.report.containers.end() ? &*at : nullptr;
}

// Whoever asks by a container's id is this container, so it runs: the host hears of its start a moment later.
reactor::Co<Outcome<TaskPicture>> picture_of(std::shared_ptr<Visitor> task, str asking) {
  for (int looks = 1;; ++looks) {
    auto picture = co_await answer_of<TaskPicture>(task->loop, task->answers, patience,
                                                   [&](auto take) { task->picture(task->spec->arn, std::move(take)); });
    const ContainerState* state = picture ? state_of(*picture, asking) : nullptr;
    if (state == nullptr || state->status != "PENDING" || looks == looks_at_start) co_return picture;
    co_await task->loop.sleep(between_looks);
  }
}

// Without the platform's word, what the host itself knows.
reactor::Co<inside::Facts> facts_of(std::shared_ptr<Visitor> task, bool ends) {
  inside::Facts facts{.desired_status = ends ? "STOPPED" : "RUNNING", .tags = {}};
  if (task->desk == nullptr) co_return facts;
  const inside::Question question{task->spec->arn};
  auto known = co_await answer_of<inside::Facts>(task->loop, task->answers, patience,
                                                 [&](auto take) { task->desk->ask(question, std::move(take)); });
  if (known) facts = *std::move(known);
  if (ends) facts.desired_status = "STOPPED";
  co_return facts;
}

// A task's two latest samples of each container: one that comes soon after another does not replace the older one.
Json statistics_of(Visitor& task, const TaskPicture& picture, const str& container) {
  const ContainerState* state = state_of(picture, container);
  const i64 pid = state != nullptr && state->status == "RUNNING" ? state->pid : 0;
  auto sample = sample_use(pid, i64{task.spec->memory_mib} * 1024 * 1024, reactor::wall_clock());
  if (!sample) return {};
  if (const auto newest = task.newest.find(container);
      newest != task.newest.end() && sample->at - newest->second.at >= least_sample_distance)
    task.former[container] = newest->second;
  const auto former = task.former.find(container);
  Json out = statistics_document(*sample, former != task.former.end() ? std::optional(former->second) : std::nullopt,
                                 container, task.ids.container.at(container));
  const auto kept = task.newest.find(container);
  if (kept == task.newest.end() || sample->at - kept->second.at >= least_sample_distance)
    task.newest[container] = *std::move(sample);
  return out;
}

const ContainerSpec* container_of(const Visitor& task, std::string_view id) {
  for (const ContainerSpec& each : task.spec->containers)
    if (task.ids.container.at(each.name) == id) return &each;
  return nullptr;
}

/// What a metadata path asks for, and how errors of it begin.
struct MetadataPath {
  MetadataVersion version = MetadataVersion::v4;
  std::string_view id;
  std::string_view what;  // "", "task", "taskWithTags", "stats", "task/stats", "associations/TYPE"
};

std::string_view handler_name(std::string_view what) {
  if (what.empty()) return "container metadata handler: unable to get container ID from request: unable to get docker";
  if (what == "stats") return "container stats handler: unable to get container ID from request: unable to get docker";
  if (what == "task/stats") return "task stats handler: unable to get task arn from request: unable to get task Arn";
  return "task metadata handler: unable to get task arn from request: unable to get task Arn";
}

http::Response unknown_id(const MetadataPath& path) {
  const std::string_view handler = handler_name(path.what);
  return json_response(404, Json(cat(path.version == MetadataVersion::v4 ? "V4 " : "V3 ", handler,
                                     handler.ends_with("docker") ? " ID" : "", " from v3 endpoint ID: ", path.id)));
}

Json all_statistics(Visitor& task, const TaskPicture& picture) {
  Json all = Json::object();
  for (const ContainerSpec& each : task.spec->containers)
    all.set(task.ids.container.at(each.name), statistics_of(task, picture, each.name));
  return all;
}

reactor::Co<http::Response> answer_metadata(std::shared_ptr<Visitor> task, MetadataPath path) {
  const ContainerSpec* container = container_of(*task, path.id);
  if (container == nullptr) co_return unknown_id(path);
  if (path.what.starts_with("associations/")) {
    if (path.what.find('/', 13) != std::string_view::npos) co_return not_found();
    co_return json_response(200, str(R"({"Associations":[]})"));
  }
  const bool statistics = path.what.ends_with("stats");
  const auto picture = co_await picture_of(task, container->name);
  if (!picture)
    co_return json_response(500, Json(statistics          ? "failed to get stats"
                                      : path.what.empty() ? "failed to get container metadata"
                                                          : "failed to get task metadata"));
  if (path.what == "task/stats") co_return json_response(200, all_statistics(*task, *picture));
  if (path.what == "stats") {
    const Json found = statistics_of(*task, *picture, container->name);
    co_return found.is_null() ? json_response(500, Json("failed to get stats")) : json_response(200, found);
  }
  const bool ends = picture->report.status == "STOPPING" || picture->report.status == "STOPPED";
  const inside::Facts facts = co_await facts_of(task, ends);
  const MetadataSource source{
      .spec = *task->spec, .ids = task->ids, .picture = *picture, .facts = facts, .clock = clock_drift()};
  if (path.what.empty()) co_return json_response(200, container_document(source, *container, path.version));
  co_return json_response(200, task_document(source, path.version, path.what == "taskWithTags"));
}

http::Response credentials_error(int status, std::string_view code, std::string_view message) {
  Json out = Json::object();
  out.set("code", code);
  out.set("message", cat("CredentialsV2Request: ", message));
  out.set("HTTPErrorCode", status);
  return json_response(status, out);
}

reactor::Co<http::Response> answer_credentials(std::shared_ptr<Visitor> task, std::string_view id) {
  if (id.empty()) co_return credentials_error(400, "NoIdInRequest", "No Credential ID in the request");
  if (id != task->ids.credentials || task->spec->role_arn.empty())
    co_return credentials_error(400, "InvalidIdInRequest", "Credentials not found");
  if (task->desk == nullptr) co_return credentials_error(503, "CredentialsUninitialized", "Credentials uninitialized");
  const inside::Question question{task->spec->arn};
  const auto found = co_await answer_of<inside::Credentials>(
      task->loop, task->answers, patience, [&](auto take) { task->desk->ask(question, std::move(take)); });
  if (!found)
    co_return credentials_error(503, "CredentialsUninitialized",
                                cat("Credentials uninitialized for ID: ", found.error().message));
  Json out = Json::object();
  out.set("RoleArn", found->role_arn);
  out.set("AccessKeyId", found->access_key);
  out.set("SecretAccessKey", found->secret);
  out.set("Token", found->token);
  out.set("Expiration", iso8601(found->expires_at));
  co_return json_response(200, out);
}

http::Response protection_error(const Visitor& task, int status, std::string_view code, std::string_view message) {
  Json out = Json::object();
  Json& error = out.set("error", Json::object());
  error.set("Arn", task.spec->arn);
  error.set("Code", code);
  error.set("Message", message);
  return json_response(status, out);
}

// The body of a PUT: members that nobody knows are refused, as the agent does.
Outcome<> read_protection(std::string_view body, inside::ProtectionQuestion& question) {
  const auto json = Json::parse(body);
  if (!json || !json->is_object()) return refuse("InvalidParameterException", "UpdateTaskProtection: invalid request");
  for (const std::string& name : json->names())
    if (name != "ProtectionEnabled" && name != "ExpiresInMinutes")
      return refuse("InvalidParameterException", cat("UpdateTaskProtection: unknown field \"", name, "\""));
  const Json* enabled = json->find("ProtectionEnabled");
  if (enabled == nullptr || !enabled->is(Json::Kind::boolean))
    return refuse("InvalidParameterException", "Invalid request: does not contain 'ProtectionEnabled' field");
  question.enable = enabled->boolean();
  const Json* minutes = json->find("ExpiresInMinutes");
  if (minutes == nullptr || minutes->is_null()) return {};
  const auto number = minutes->integer();
  if (!number || *number < INT32_MIN || *number > INT32_MAX)
    return refuse("InvalidParameterException", "ExpiresInMinutes must be a whole number of minutes");
  question.minutes = static_cast<i32>(*number);
  return {};
}

http::Response protection_refused(const Visitor& task, const Fault& fault) {
  if (fault.code == "RequestCanceled")
    return protection_error(task, 504, fault.code, "Timed out calling Amazon ECS Task Protection API");
  return protection_error(task, fault.code == "AccessDeniedException" ? 403 : fault.status, fault.code, fault.message);
}

http::Response protection_answer(const Visitor& task, const inside::Protection& protection) {
  Json out = Json::object();
  if (!protection.failure.empty()) {
    Json& failure = out.set("failure", Json::object());
    failure.set("Arn", task.spec->arn);
    failure.set("Detail", protection.detail.empty() ? Json() : Json(protection.detail));
    failure.set("Reason", protection.failure);
    return json_response(200, out);
  }
  Json& state = out.set("protection", Json::object());
  state.set("ExpirationDate", protection.enabled ? Json(iso8601(protection.until)) : Json());
  state.set("ProtectionEnabled", protection.enabled);
  state.set("TaskArn", task.spec->arn);
  return json_response(200, out);
}

reactor::Co<http::Response> answer_protection(std::shared_ptr<Visitor> task, http::Request request) {
  inside::ProtectionQuestion question{.task_arn = task->spec->arn, .enable = {}, .minutes = {}};
  if (request.head.method != "GET" && request.head.method != "PUT") co_return not_found();
  if (request.head.method == "PUT")
    if (const auto read = read_protection(request.body, question); !read)
      co_return protection_error(*task, 400, read.error().code, read.error().message);
  // The call is made in the name of the task's role.
  if (task->spec->role_arn.empty() || task->desk == nullptr)
    co_return protection_error(*task, 403, "AccessDeniedException",
                               "Invalid Request: no task IAM role credentials available for task");
  const auto found = co_await answer_of<inside::Protection>(
      task->loop, task->answers, patience, [&](auto take) { task->desk->ask(question, std::move(take)); });
  co_return found ? protection_answer(*task, *found) : protection_refused(*task, found.error());
}

// Of the form http://HOST/PATH too, as proxies are asked.
std::string_view path_of(std::string_view target) {
  if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
    const std::size_t slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  target = target.substr(0, target.find('?'));
  while (target.size() > 1 && target.ends_with('/')) target.remove_suffix(1);
  return target;
}

constexpr std::string_view protection_suffix = "/task-protection/v1/state";

}  // namespace

bool RequestRate::allow(Instant now) {
  const f64 passed = last_.set() ? static_cast<f64>((now - last_).ns) / 1e9 : 0;
  last_ = now;
  left_ = std::min(requests_at_once, left_ + passed * requests_per_second);
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

reactor::Co<http::Response> answer_task(std::shared_ptr<Visitor> task, http::Request request) {
  if (!task->rate.allow(task->loop.now()))
    co_return http::Response{.status = 429,
                             .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                             .body = "You have reached maximum request limit."};
  const str whole(path_of(request.head.target));
  std::string_view path = whole;
  const auto after = [&path](std::string_view prefix) {
    const bool there = path.starts_with(prefix);
    if (there) path.remove_prefix(prefix.size());
    return there;
  };
  if (path == "/v2/credentials") co_return co_await answer_credentials(task, "");
  if (after("/v2/credentials/")) co_return co_await answer_credentials(task, path);
  if (after("/api/")) {
    const std::string_view id = path.substr(0, path.find('/'));
    if (!path.ends_with(protection_suffix) || id.size() + protection_suffix.size() != path.size())
      co_return not_found();
    if (container_of(*task, id) == nullptr)
      co_return json_response(404, Json(cat("V4 TaskProtection handler: unable to get task arn from request: unable to "
                                            "get task Arn from v3 endpoint ID: ",
                                            id)));
    co_return co_await answer_protection(task, std::move(request));
  }
  const bool fourth = after("/v4/");
  if (!fourth && !after("/v3/")) co_return not_found();
  const std::size_t slash = path.find('/');
  const MetadataPath asked{.version = fourth ? MetadataVersion::v4 : MetadataVersion::v3,
                           .id = path.substr(0, slash),
                           .what = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1)};
  const bool known = asked.what.empty() || asked.what == "task" || asked.what == "taskWithTags" ||
                     asked.what == "stats" || asked.what == "task/stats" || asked.what.starts_with("associations/");
  if (!known) co_return not_found();
  co_return co_await answer_metadata(task, asked);
}

}  // namespace utakata::sandbox
