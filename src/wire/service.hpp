#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "core/operation.hpp"
#include "wire/violation.hpp"

namespace utakata::wire {

enum class Protocol : std::uint8_t { json_1_0, json_1_1, query, ec2 };

constexpr bool is_json(Protocol protocol) { return protocol == Protocol::json_1_0 || protocol == Protocol::json_1_1; }

/// One AWS service as it is served: how it is addressed and what it can do. Each service's module.hpp names one.
struct Service {
  std::string_view name;                // as in ARNs and signatures' scope, e.g. "ecs", "elasticloadbalancing"
  std::string_view target_prefix;       // JSON: what stands before ".Operation" in X-Amz-Target
  std::string_view version;             // Query and EC2: the Version parameter
  std::string_view xml_namespace;       // Query and EC2: the response's xmlns
  std::span<const Protocol> protocols;  // the first is the one to answer errors in when the request does not tell
  std::span<const Operation> operations;
  bool published_by_aws = true;  // false: our own control API, left out of `api dump`
  /// Query-compatible error codes of JSON services ("AWS.SimpleQueueService.NonExistentQueue"): code -> header text.
  /// Empty for a code that is the same in both.
  std::string_view (*query_error_code)(std::string_view code) = nullptr;
  std::string_view error_namespace = {};  // JSON: stands before "#Code" in __type ("com.amazonaws.sqs"), if anything
  bool flattened_query = false;           // Query: lists and maps without <member> and <entry>, as SQS writes them
  /// For services that have their own code or text for a request that breaks its description: what to say instead.
  Fault (*reword)(Fault, Violation) = nullptr;

  [[nodiscard]] bool speaks(Protocol protocol) const {
    for (const Protocol mine : protocols)
      if (mine == protocol) return true;
    return false;
  }
  [[nodiscard]] const Operation* find(std::string_view operation) const {
    for (const Operation& mine : operations)
      if (mine.name == operation) return &mine;
    return nullptr;
  }
};

using Services = std::span<const Service* const>;

}  // namespace utakata::wire
