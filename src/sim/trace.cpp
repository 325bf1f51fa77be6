#include "sim/trace.hpp"

#include "base/text.hpp"
#include "sim/json_text.hpp"

namespace utakata::sim {
namespace {

// "service:api" -> "api", "family:batch" -> "batch"
std::string group_name(std::string_view group) { return std::string(group.substr(group.find(':') + 1)); }

std::string exit_codes(const Json& detail) {
  std::string text;
  for (const Json& container : items_at(detail, "containers"))
    if (const Json* code = container.find("exitCode"); code != nullptr)
      text += cat(text.empty() ? "" : ", ", container.text_at({"name"}), " exit ", code->text());
  return text;
}

constexpr std::size_t lines_max = 200'000;

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

}  // namespace

Trace::Trace(Simulator& sim) : sim_(sim), zero_(sim.queue.now()) {
  sim.watch({.event = [this](const Json& e) { bus_event(e); },
             .effect = [this](const Effect& e) { effect(e); },
             .happening = [this](const std::string& about, const std::string& what) { happening(about, what); }});
}

void Trace::happening(const std::string& about, const std::string& what) {
  const auto task = task_names_.find(about);
  if (task != task_names_.end()) return event(cat(task->second, " ", what));
  const auto address = address_names_.find(about);
  event(cat(address != address_names_.end() ? address->second : about, " is ", what));
}

void Trace::event(const std::string& text) {
  if (lines_.size() >= lines_max) return;
  const std::int64_t ms = (sim_.queue.now() - zero_).milliseconds();
  lines_.push_back(cat(padded(cat(ms / 1000, ".", cat(ms % 1000 + 1000).substr(1)), 9), "  ", text));
}

std::string Trace::name_of(const std::string& arn) const {
  const auto at = task_names_.find(arn);
  return at == task_names_.end() ? arn : at->second;
}

std::string Trace::with_names(std::string text) const {
  for (const auto& [arn, name] : task_names_)
    if (text.find(arn) != std::string::npos) text += cat(" (", name, ")");
  return text;
}

std::string Trace::text() const {
  std::string all;
  for (const std::string& line : lines_) all += cat(line, "\n");
  return all;
}

// Ids that are thrown by dice say nothing to a reader: "deployment ecs-svc/5062027379899897313" becomes "deployment 1".
std::string Trace::readable(std::string_view text) {
  constexpr std::string_view prefix = "ecs-svc/";
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find(prefix, at);
    out += text.substr(at, found - at);
    if (found == std::string_view::npos) return out;
    at = std::min(text.find_first_not_of("0123456789", found + prefix.size()), text.size());
    int& order = deployments_[std::string(text.substr(found, at - found))];
    if (order == 0) order = static_cast<int>(deployments_.size());
    out += cat(order);
  }
}

void Trace::effect(const Effect& effect) {
  if (const auto* start = std::get_if<StartTask>(&effect))
    address_names_[start->spec.network.address] = name_of(start->spec.arn);
}

void Trace::bus_event(const Json& body) {
  const Json* detail = body.find("detail");
  const std::string_view type = body.text_at({"detail-type"});
  if (detail == nullptr) return;
  if (type == "ECS Task State Change") return task_state(*detail);
  std::string about;
  for (const Json& resource : items_at(body, "resources"))
    about = resource.text().substr(resource.text().rfind('/') + 1);
  const std::string_view reason = detail->text_at({"reason"});
  event(cat(about, " ", detail->text_at({"eventName"}), reason.empty() ? "" : ": ", readable(reason)));
}

void Trace::task_state(const Json& detail) {
  const std::string arn(detail.text_at({"taskArn"}));
  std::string& name = task_names_[arn];
  if (name.empty()) {
    const std::string group = group_name(detail.text_at({"group"}));
    name = cat(group, "-", ++tasks_of_[group]);
  }
  const std::string_view status = detail.text_at({"lastStatus"});
  const std::string_view provider = detail.text_at({"capacityProviderName"});
  std::string said(status);
  if (status == "PROVISIONING") said += cat(" on ", provider.empty() ? detail.text_at({"launchType"}) : provider);
  if (detail.text_at({"desiredStatus"}) == "STOPPED" && status != "STOPPED") said += ", to stop";
  if (status == "STOPPED") said += cat(" (", exit_codes(detail), ")");
  const std::string reason(detail.text_at({"stoppedReason"}));
  Said& last = last_said_[arn];
  if (said == last.state && reason == last.reason) return;
  std::string why;
  if (reason != last.reason) why = cat(": ", detail.text_at({"stopCode"}), " \"", readable(reason), "\"");
  last = {.state = said, .reason = reason};
  event(cat(name, " ", said, why));
}

}  // namespace utakata::sim
