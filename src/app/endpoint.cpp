#include "app/endpoint.hpp"

#include <cstdlib>

#include "base/text.hpp"

namespace utakata::app {

std::string endpoint_url(const Arguments& arguments) {
  if (arguments.given("endpoint")) return arguments.text("endpoint");
  const char* from_environment = std::getenv("AWS_ENDPOINT_URL");  // NOLINT(concurrency-mt-unsafe): read at start
  if (from_environment != nullptr && *from_environment != '\0') return from_environment;
  return arguments.text("endpoint");
}

Fault with_cluster(Fault fault, std::string_view cluster) {
  const bool names_place = fault.code == "ClusterNotFoundException" || fault.code == "NotFound" ||
                           fault.message.contains("task was not found");
  if (names_place) fault.message += cat(" (looked in the cluster ", cluster, "; see --cluster)");
  return fault;
}

}  // namespace utakata::app
