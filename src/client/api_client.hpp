#pragma once

#include <string>

#include "base/json.hpp"
#include "http/client.hpp"
#include "wire/sigv4.hpp"

// Calls of the platform's own API, as our command line and the drill make them: signed, one connection kept.
namespace utakata::client {

/// Where the platform is and as whom to call it: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ... as every AWS client reads
/// them.
struct Endpoint {
  reactor::Address address;
  std::string host;  // of the Host header
  std::string access_key = "000000000000";
  std::string secret = "utakata";
  std::string region = "ap-northeast-1";
};

/// From an URL such as http://127.0.0.1:4566; the rest from the environment. Fault names what is wrong with it.
Outcome<Endpoint> endpoint_of(std::string_view url);
/// Host and port of an URL; names under .localhost are this machine.
struct Url {
  reactor::Address address;
  std::string host;  // with the port, as in the Host header
  std::string path;
};
Outcome<Url> parse_url(std::string_view url);

class ApiClient {
 public:
  ApiClient(reactor::Loop&, Endpoint);

  /// One JSON operation, e.g. ("ecs", "AmazonEC2ContainerServiceV20141113.ListClusters", {}). Faults: the platform's
  /// own with its code, or NotReachable.
  reactor::Co<Outcome<Json>> call(std::string service, std::string target, Json input);
  /// One Query operation; the answer's XML.
  reactor::Co<Outcome<std::string>> query(std::string service, std::string form);
  /// One of the platform's own pages, such as /_utakata/fates.
  reactor::Co<Outcome<Json>> page(std::string path);
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  reactor::Co<http::Exchange> post(std::string service, std::vector<http::Header> headers, std::string body);

  Endpoint endpoint_;
  http::Client client_;
};

}  // namespace utakata::client
