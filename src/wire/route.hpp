#pragma once

#include <optional>
#include <string_view>

#include "wire/form.hpp"
#include "wire/message.hpp"
#include "wire/service.hpp"

// Which operation of which service a request asks for, and in which protocol.
namespace utakata::wire {

struct Route {
  Protocol protocol = Protocol::query;  // to answer in, known even when the rest is not
  const Service* service = nullptr;
  const Operation* operation = nullptr;
  Parameters parameters = {};       // Query and EC2
  std::optional<Fault> fault = {};  // why there is no operation
};

/// `scope` is the service that the signature names; it tells services apart that share an Action. With `read_body`
/// false the body is left alone: enough to know the protocol.
Route route(const Request&, Services, std::string_view scope, bool read_body = true);

}  // namespace utakata::wire
