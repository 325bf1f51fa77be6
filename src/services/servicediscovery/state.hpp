#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/servicediscovery/api/discovery.hpp"

// The rows of Cloud Map. Keys: WORLD/namespace/ID, WORLD/service/ID, WORLD/instance/SERVICE/ID, WORLD/operation/ID.
namespace utakata::servicediscovery {

struct NamespaceRow {
  static constexpr std::string_view table_name = "servicediscovery.namespaces";
  str id, name, vpc_id, description, request_id;
  Instant created_at;
};
struct ServiceRow {
  static constexpr std::string_view table_name = "servicediscovery.services";
  str id, name, namespace_id, description, request_id;
  bool weighted = false;
  opt<i64> a_ttl, srv_ttl;  // the records that instances get; absent: none of the type
  opt<api::HealthCheckCustomConfig> check;
  Instant created_at;
};
struct InstanceRow {
  static constexpr std::string_view table_name = "servicediscovery.instances";
  static constexpr std::size_t by_service = 0;
  str id, service_id;
  dict<str> attributes;
};
/// What a caller may still ask about; it was done at once.
struct OperationRow {
  static constexpr std::string_view table_name = "servicediscovery.operations";
  str id, type, target_type, target;
  Instant at, forget_at;
};

inline Key namespace_key(const World& w, std::string_view id) { return w.key("namespace/", id); }
inline Key service_key(const World& w, std::string_view id) { return w.key("service/", id); }
inline Key instance_key(const World& w, std::string_view service_id, std::string_view id) {
  return w.key("instance/", service_id, "/", id);
}
inline Key operation_key(const World& w, std::string_view id) { return w.key("operation/", id); }
inline str arn_of(const World& w, std::string_view type, std::string_view id) {
  return cat("arn:aws:servicediscovery:", w.region, ":", w.account, ":", type, "/", id);
}

Outcome<NamespaceRow> find_namespace(const Tx&, const World&, std::string_view id);
Outcome<ServiceRow> find_service(const Tx&, const World&, std::string_view id);
list<InstanceRow> instances_of(const Tx&, std::string_view service_id);

/// Tells the VPC's resolver what the service's name leads to; and that `gone`, an instance, has no name any more.
void tell_names(Tx&, const World&, const ServiceRow&, const str& gone = {});
void tell_all_names(Tx&);

/// The id of an operation that has been done.
str done(Tx&, std::string_view type, std::string_view target_type, const str& target);

}  // namespace utakata::servicediscovery
