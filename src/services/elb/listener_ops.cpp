#include <algorithm>

#include "services/elb/arns.hpp"
#include "services/elb/attributes.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/listener_tls.hpp"
#include "services/elb/ops.hpp"
#include "services/elb/protocol_versions.hpp"
#include "services/elb/protocols.hpp"
#include "services/elb/rule_actions.hpp"
#include "services/elb/tags.hpp"

namespace utakata::elb {
namespace {

api::Listener view(const ListenerRow& row) {
  api::Listener out{.ListenerArn = row.arn,
                    .LoadBalancerArn = row.balancer_arn,
                    .Port = row.port,
                    .Protocol_ = protocol_named(row.protocol),
                    .DefaultActions = row.actions};
  if (!row.uses_tls()) return out;
  out.SslPolicy = row.ssl_policy;
  out.Certificates = list<api::Certificate>{{.CertificateArn = row.certificates.front()}};
  if (!row.alpn_policy.empty()) out.AlpnPolicy = list<str>{row.alpn_policy};
  if (row.protocol == "HTTPS") out.MutualAuthentication = api::MutualAuthenticationAttributes{.Mode = "off"};
  return out;
}

Outcome<> take_alpn_policy(ListenerRow& row, const opt<list<str>>& asked) {
  if (row.protocol != "TLS") row.alpn_policy.clear();
  if (!asked || asked->empty()) return {};
  if (row.protocol != "TLS")
    return invalid(cat("An ALPN policy cannot be specified for ", row.protocol, " listeners, only for TLS listeners"));
  if (asked->size() > 1) return invalid("Only one ALPN policy can be specified for a listener");
  TRY_VOID(alpn_protocols(asked->front()));
  row.alpn_policy = asked->front();
  return {};
}

// Protocol, policies and default certificate, as asked for or as they were.
template <class Request>
Outcome<> take_protocol(const Tx& tx, const LoadBalancerRow& balancer, ListenerRow& row, const Request& request) {
  if (request.Protocol_) row.protocol = request.Protocol_->name();
  TRY_VOID(check_listener_protocol(balancer, row.protocol));
  TRY_VOID(take_alpn_policy(row, request.AlpnPolicy));
  const bool mutual = request.MutualAuthentication && request.MutualAuthentication->Mode &&
                      *request.MutualAuthentication->Mode != "off";
  if (mutual)
    return refuse(
        "InvalidConfigurationRequest",
        cat("MutualAuthentication.Mode '", request.MutualAuthentication->Mode->name(), "' is not served; use off"));
  if (!row.uses_tls()) {
    if (request.Certificates) return invalid(cat("A certificate cannot be specified for ", row.protocol, " listeners"));
    if (request.SslPolicy)
      return invalid(cat("A security policy cannot be specified for ", row.protocol, " listeners"));
    row.ssl_policy.clear();
    row.certificates.clear();
    return {};
  }
  if (request.SslPolicy) {
    if (find_ssl_policy(*request.SslPolicy) == nullptr) return ssl_policy_not_found(*request.SslPolicy);
    row.ssl_policy = *request.SslPolicy;
  }
  if (row.ssl_policy.empty()) row.ssl_policy = default_ssl_policy;
  if (request.Certificates) {
    const str arn = TRY(default_certificate(tx, row.protocol, *request.Certificates));
    if (!row.certificates.empty()) row.certificates.erase(row.certificates.begin());  // the default one until now
    std::erase(row.certificates, arn);
    row.certificates.insert(row.certificates.begin(), arn);
  }
  if (row.certificates.empty()) return invalid(cat("A certificate must be specified for ", row.protocol, " listeners"));
  return {};
}

const ListenerRow* listener_at(const Tx& tx, const str& balancer_arn, i32 port) {
  for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, balancer_arn))
    if (const ListenerRow* row = tx.find<ListenerRow>(key); row->port == port) return row;
  return nullptr;
}

// Whether a listener at the same port was made with the same settings. Certificates beside the default one are added
// later, and are none of them.
bool same_settings(const ListenerRow& a, const ListenerRow& b) {
  const bool same = a.protocol == b.protocol && a.ssl_policy == b.ssl_policy && a.alpn_policy == b.alpn_policy &&
                    a.actions == b.actions;
  return same && (!a.uses_tls() || a.certificates.front() == b.certificates.front());
}

Outcome<> check_fit(const Tx& tx, const ListenerRow& row, const list<api::Action>& actions) {
  TRY_VOID(check_compatible(tx, row.protocol, actions));
  return check_versions(tx, row.protocol, actions);
}

auto duplicate() {
  return refuse("DuplicateListener", "A listener already exists on this port for this load balancer");
}

}  // namespace

Outcome<api::CreateListenerOutput> create_listener(Tx& tx, const api::CreateListenerInput& request) {
  const World& world = tx.world();
  const LoadBalancerRow* balancer = TRY(known_balancer(tx, request.LoadBalancerArn));
  if (!request.Port) return invalid("A listener port must be specified");
  if (!request.Protocol_) return invalid("A listener protocol must be specified");
  TRY_VOID(within(*request.Port, 1, 65'535, "port"));
  ListenerRow row;
  TRY_VOID(take_protocol(tx, *balancer, row, request));
  row.actions = TRY(checked_actions(tx, request.DefaultActions, {request.LoadBalancerArn, "defaultActions"}));
  TRY_VOID(check_fit(tx, row, row.actions));
  if (const ListenerRow* known = listener_at(tx, request.LoadBalancerArn, *request.Port)) {
    if (!same_settings(*known, row)) return duplicate();
    return api::CreateListenerOutput{.Listeners = list<api::Listener>{view(*known)}};
  }
  if (tx.where<ListenerRow>(ListenerRow::by_balancer, request.LoadBalancerArn).size() >= limits::listeners_of_balancer)
    return refuse("TooManyListeners", cat("The maximum number of listeners on load balancer '", request.LoadBalancerArn,
                                          "' has been reached"));
  str base = request.LoadBalancerArn;
  base.replace(base.find(":loadbalancer/"), 14, ":listener/");
  row.arn = cat(base, "/", tx.random_hex(16));
  row.balancer_arn = request.LoadBalancerArn;
  row.port = *request.Port;
  row.tags = TRY(new_tags(request.Tags));
  tx.put(listener_key(world, row.arn), row);
  balancer_changed(tx, world, row.balancer_arn);
  return api::CreateListenerOutput{.Listeners = list<api::Listener>{view(row)}};
}

Outcome<api::ModifyListenerOutput> modify_listener(Tx& tx, const api::ModifyListenerInput& request) {
  const Key key = listener_key(tx.world(), request.ListenerArn);
  const ListenerRow* known = TRY(known_listener(tx, request.ListenerArn));
  ListenerRow row = *known;
  const LoadBalancerRow& balancer = *tx.find<LoadBalancerRow>(balancer_key(tx.world(), row.balancer_arn));
  TRY_VOID(take_protocol(tx, balancer, row, request));
  if (request.Port) {
    TRY_VOID(within(*request.Port, 1, 65'535, "port"));
    const ListenerRow* there = listener_at(tx, row.balancer_arn, *request.Port);
    if (there != nullptr && there->arn != row.arn) return duplicate();
    row.port = *request.Port;
  }
  if (request.DefaultActions)
    row.actions = TRY(checked_actions(tx, *request.DefaultActions, {row.balancer_arn, "defaultActions"}));
  TRY_VOID(check_fit(tx, row, row.actions));
  for (const Key& rule : tx.where<RuleRow>(RuleRow::by_listener, row.arn))
    TRY_VOID(check_fit(tx, row, tx.find<RuleRow>(rule)->actions));
  tx.put(key, row);
  balancer_changed(tx, tx.world(), row.balancer_arn);
  return api::ModifyListenerOutput{.Listeners = list<api::Listener>{view(row)}};
}

Outcome<api::DescribeListenerAttributesOutput> describe_listener_attributes(
    Tx& tx, const api::DescribeListenerAttributesInput& request) {
  const ListenerRow* row = TRY(known_listener(tx, request.ListenerArn));
  return api::DescribeListenerAttributesOutput{.Attributes = attributes_of(*row)};
}

Outcome<api::ModifyListenerAttributesOutput> modify_listener_attributes(
    Tx& tx, const api::ModifyListenerAttributesInput& request) {
  const Key key = listener_key(tx.world(), request.ListenerArn);
  const ListenerRow* known = TRY(known_listener(tx, request.ListenerArn));
  ListenerRow row = *known;
  TRY_VOID(take_attributes(tx, row, request.Attributes));
  tx.put(key, row);
  balancer_changed(tx, tx.world(), row.balancer_arn);
  return api::ModifyListenerAttributesOutput{.Attributes = attributes_of(row)};
}

Outcome<api::DescribeListenersOutput> describe_listeners(Tx& tx, const api::DescribeListenersInput& request) {
  if (!request.LoadBalancerArn && !request.ListenerArns)
    return invalid("You must specify either listener ARNs or a load balancer ARN");
  if (request.LoadBalancerArn && request.ListenerArns)
    return invalid("Listener ARNs and a load balancer ARN cannot be specified at the same time");
  list<ListenerRow> rows;
  for (const str& arn : request.ListenerArns.value_or(list<str>{})) rows.push_back(*TRY(known_listener(tx, arn)));
  if (request.LoadBalancerArn) {
    TRY_VOID(known_balancer(tx, *request.LoadBalancerArn));
    for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, *request.LoadBalancerArn))
      rows.push_back(*tx.find<ListenerRow>(key));
  }
  std::ranges::sort(rows, {}, &ListenerRow::arn);
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  auto page = TRY(wire::paginate(
      std::move(rows), [](const ListenerRow& row) -> const str& { return row.arn; }, page_rules("DescribeListeners"),
      request.Marker, request.PageSize));
  api::DescribeListenersOutput output{.Listeners = list<api::Listener>{}, .NextMarker = page.next};
  for (const ListenerRow& row : page.items) output.Listeners->push_back(view(row));
  return output;
}

Outcome<api::DeleteListenerOutput> delete_listener(Tx& tx, const api::DeleteListenerInput& request) {
  const Key key = listener_key(tx.world(), request.ListenerArn);
  const ListenerRow* known = TRY(known_listener(tx, request.ListenerArn));
  const str balancer = known->balancer_arn;
  for (const Key& rule : tx.where<RuleRow>(RuleRow::by_listener, request.ListenerArn)) tx.erase<RuleRow>(rule);
  tx.erase<ListenerRow>(key);
  balancer_changed(tx, tx.world(), balancer);
  return api::DeleteListenerOutput{};
}

}  // namespace utakata::elb
