#include "wire/route.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"

namespace utakata::wire {
namespace {

Fault unknown_target(std::string_view target) {
  return {.code = "UnknownOperationException",
          .message = target.empty() ? "The request has neither an X-Amz-Target header nor an Action parameter."
                                    : cat("The operation that X-Amz-Target names is unknown: ", target.substr(0, 200))};
}

Protocol json_protocol(const Request& request, const Service* service) {
  const std::string_view type = request.header("content-type");
  if (type.starts_with("application/x-amz-json-1.0")) return Protocol::json_1_0;
  if (type.starts_with("application/x-amz-json-1.1")) return Protocol::json_1_1;
  return service != nullptr && service->speaks(Protocol::json_1_0) ? Protocol::json_1_0 : Protocol::json_1_1;
}

Route json_route(const Request& request, Services services, std::string_view target) {
  const std::size_t dot = target.rfind('.');
  Route route;
  for (const Service* service : services)
    if (!service->target_prefix.empty() && service->target_prefix == target.substr(0, dot)) route.service = service;
  route.protocol = json_protocol(request, route.service);
  if (route.service != nullptr && dot != std::string_view::npos)
    route.operation = route.service->find(target.substr(dot + 1));
  if (route.operation == nullptr) route.fault = unknown_target(target);
  return route;
}

// SQS takes the queue from the path (POST /123456789012/name) when no parameter names it.
void add_queue_url(const Request& request, Parameters& parameters) {
  const auto parts = split(request.path(), '/');
  const bool is_queue = parts.size() == 3 && parts[0].empty() && !parts[1].empty() && !parts[2].empty();
  if (is_queue && find_parameter(parameters, "QueueUrl").empty())
    parameters.emplace_back("QueueUrl", cat("http://", request.header("host"), request.path()));
}

std::optional<Protocol> form_protocol(const Service& service) {
  for (const Protocol protocol : service.protocols)
    if (!is_json(protocol)) return protocol;
  return {};
}

// How well a service fits a form: by its version, the signature's scope and its having the action.
int fit(const Service& service, std::string_view action, std::string_view version, std::string_view scope) {
  if (!form_protocol(service)) return 0;
  const int by_action = service.find(action) != nullptr ? 4 : 0;
  const int by_version = !version.empty() && service.version == version ? 2 : 0;
  return by_action + by_version + (service.name == scope ? 1 : 0);
}

const Service* best_fit(Services services, std::string_view action, std::string_view version, std::string_view scope) {
  const Service* best = nullptr;
  int most = 0;
  for (const Service* service : services) {
    const int fits = fit(*service, action, version, scope);
    if (fits <= most) continue;
    best = service;
    most = fits;
  }
  return best;
}

Fault unknown_action(Protocol protocol, std::string_view action, std::string_view version) {
  action = action.substr(0, 200);
  if (action.empty())
    return {.code = "MissingAction", .message = "The request must contain the parameter Action.", .field = "/Action"};
  if (protocol == Protocol::ec2)
    return {.code = "InvalidAction",
            .message = cat("The action ", action, " is not valid for this web service."),
            .field = "/Action"};
  return {.code = "InvalidAction",
          .message = cat("Could not find operation ", action, " for version ",
                         version.empty() ? std::string_view("NO_VERSION_SPECIFIED") : version.substr(0, 100)),
          .field = "/Action"};
}

// The parameters of the query string, then those of the body.
Outcome<Parameters> read_parameters(const Request& request, bool read_body) {
  Parameters parameters = TRY(parse_form(request.query()));
  if (read_body) std::ranges::move(TRY(parse_form(request.body)), std::back_inserter(parameters));
  return parameters;
}

Route form_route(const Request& request, Services services, std::string_view scope, bool read_body) {
  Route route;
  auto parameters = read_parameters(request, read_body);
  if (parameters)
    route.parameters = *std::move(parameters);
  else
    route.fault = std::move(parameters).error();
  const std::string_view action = find_parameter(route.parameters, "Action");
  const std::string_view version = find_parameter(route.parameters, "Version");
  route.service = best_fit(services, action, version, scope);
  if (route.service != nullptr) {
    route.protocol = *form_protocol(*route.service);
    route.operation = route.service->find(action);
  }
  if (!route.fault && route.operation == nullptr) route.fault = unknown_action(route.protocol, action, version);
  if (route.operation != nullptr && route.service->flattened_query) add_queue_url(request, route.parameters);
  return route;
}

}  // namespace

Route route(const Request& request, Services services, std::string_view scope, bool read_body) {
  const std::string_view target = request.header("x-amz-target");
  const std::string_view type = request.header("content-type");
  if (!target.empty() || type.starts_with("application/x-amz-json")) return json_route(request, services, target);
  if (!type.starts_with("application/json")) return form_route(request, services, scope, read_body);
  Route route{.protocol = Protocol::json_1_1};
  route.fault = unknown_target(target);
  return route;
}

}  // namespace utakata::wire
