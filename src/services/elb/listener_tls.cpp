#include "services/elb/listener_tls.hpp"

#include <algorithm>
#include <array>

#include "services/acm/public.hpp"
#include "services/elb/arns.hpp"
#include "services/elb/errors.hpp"
#include "services/elb/limits.hpp"
#include "services/elb/ops.hpp"

namespace utakata::elb {
namespace {

// The kinds of ciphers that a policy has or has not, as AWS's tables of policies show them.
enum Group : unsigned {
  tls13 = 1,
  tls13_chacha = 2,
  ecdhe_gcm = 4,
  ecdhe_sha2 = 8,
  ecdhe_sha1 = 16,
  rsa_gcm = 32,
  rsa_sha2 = 64,
  rsa_sha1 = 128,
  triple_des = 256,
};
constexpr unsigned ecdhe = ecdhe_gcm | ecdhe_sha2 | ecdhe_sha1;
constexpr unsigned rsa = rsa_gcm | rsa_sha2 | rsa_sha1;
constexpr unsigned all13 = tls13 | tls13_chacha;

struct CipherOfGroup {
  std::string_view name;
  Group group;
};
constexpr std::array<CipherOfGroup, 22> ciphers{{{"TLS_AES_128_GCM_SHA256", tls13},
                                                 {"TLS_AES_256_GCM_SHA384", tls13},
                                                 {"TLS_CHACHA20_POLY1305_SHA256", tls13_chacha},
                                                 {"ECDHE-ECDSA-AES128-GCM-SHA256", ecdhe_gcm},
                                                 {"ECDHE-RSA-AES128-GCM-SHA256", ecdhe_gcm},
                                                 {"ECDHE-ECDSA-AES128-SHA256", ecdhe_sha2},
                                                 {"ECDHE-RSA-AES128-SHA256", ecdhe_sha2},
                                                 {"ECDHE-ECDSA-AES128-SHA", ecdhe_sha1},
                                                 {"ECDHE-RSA-AES128-SHA", ecdhe_sha1},
                                                 {"ECDHE-ECDSA-AES256-GCM-SHA384", ecdhe_gcm},
                                                 {"ECDHE-RSA-AES256-GCM-SHA384", ecdhe_gcm},
                                                 {"ECDHE-ECDSA-AES256-SHA384", ecdhe_sha2},
                                                 {"ECDHE-RSA-AES256-SHA384", ecdhe_sha2},
                                                 {"ECDHE-RSA-AES256-SHA", ecdhe_sha1},
                                                 {"ECDHE-ECDSA-AES256-SHA", ecdhe_sha1},
                                                 {"AES128-GCM-SHA256", rsa_gcm},
                                                 {"AES128-SHA256", rsa_sha2},
                                                 {"AES128-SHA", rsa_sha1},
                                                 {"AES256-GCM-SHA384", rsa_gcm},
                                                 {"AES256-SHA256", rsa_sha2},
                                                 {"AES256-SHA", rsa_sha1},
                                                 {"DES-CBC3-SHA", triple_des}}};

// Sorted by name, as pages need them.
constexpr std::array<SslPolicy, 25> policies{{
    {"ELBSecurityPolicy-2016-08", 0, 2, ecdhe | rsa},
    {"ELBSecurityPolicy-FS-1-1-2019-08", 1, 2, ecdhe},
    {"ELBSecurityPolicy-FS-1-2-2019-08", 2, 2, ecdhe},
    {"ELBSecurityPolicy-FS-1-2-Res-2019-08", 2, 2, ecdhe_gcm | ecdhe_sha2},
    {"ELBSecurityPolicy-FS-1-2-Res-2020-10", 2, 2, ecdhe_gcm},
    {"ELBSecurityPolicy-FS-2018-06", 0, 2, ecdhe},
    {"ELBSecurityPolicy-TLS-1-0-2015-04", 0, 2, ecdhe | rsa | triple_des},
    {"ELBSecurityPolicy-TLS-1-1-2017-01", 1, 2, ecdhe | rsa},
    {"ELBSecurityPolicy-TLS-1-2-2017-01", 2, 2, ecdhe_gcm | ecdhe_sha2 | rsa_gcm | rsa_sha2},
    {"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", 2, 2, ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-0-2021-06", 0, 3, all13 | ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", 0, 3, tls13 | ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-1-2021-06", 1, 3, all13 | ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04", 1, 3, tls13 | ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-2-2021-06", 2, 3, all13 | ecdhe_gcm | ecdhe_sha2},
    {"ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", 2, 3, tls13 | ecdhe},
    {"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", 2, 3, all13 | ecdhe_gcm | ecdhe_sha2 | rsa_gcm | rsa_sha2},
    {"ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", 2, 3, tls13 | ecdhe_gcm | ecdhe_sha2 | rsa_gcm | rsa_sha2},
    {"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", 2, 3, all13 | ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", 2, 3, tls13 | ecdhe | rsa},
    {"ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", 2, 3, tls13 | ecdhe_gcm | ecdhe_sha2},
    {"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", 2, 3, all13 | ecdhe_gcm},
    {"ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", 2, 3, tls13 | ecdhe_gcm},
    {"ELBSecurityPolicy-TLS13-1-3-2021-06", 3, 3, all13},
    {"ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", 3, 3, tls13},
}};

api::SslPolicy view(const SslPolicy& policy) {
  api::SslPolicy out{.SslProtocols = versions_of(policy),
                     .Ciphers = list<api::Cipher>{},
                     .Name = str(policy.name),
                     .SupportedLoadBalancerTypes = list<str>{"application", "network"}};
  for (const str& name : ciphers_of(policy))
    out.Ciphers->push_back({.Name = name, .Priority = static_cast<i32>(out.Ciphers->size()) + 1});
  return out;
}

struct AlpnPolicy {
  std::string_view name;
  std::array<std::string_view, 3> protocols;  // the preferred first
};
constexpr std::array<AlpnPolicy, 5> alpn_policies{{{"HTTP1Only", {"http/1.1", "http/1.0"}},
                                                   {"HTTP2Only", {"h2"}},
                                                   {"HTTP2Optional", {"http/1.1", "http/1.0", "h2"}},
                                                   {"HTTP2Preferred", {"h2", "http/1.1", "http/1.0"}},
                                                   {"None", {}}}};

Outcome<const ListenerRow*> listener_with_certificates(const Tx& tx, std::string_view arn) {
  const ListenerRow* row = TRY(known_listener(tx, arn));
  if (!row->uses_tls())
    return refuse("UnsupportedProtocol",
                  cat("Listener '", arn, "' has no certificates: its protocol is ", row->protocol));
  return row;
}

std::size_t certificates_of_balancer(const Tx& tx, std::string_view balancer_arn) {
  std::size_t count = 0;
  for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, balancer_arn))
    if (const auto& row = *tx.find<ListenerRow>(key); row.uses_tls()) count += row.certificates.size() - 1;
  return count;
}

Outcome<str> arn_of(const api::Certificate& certificate) {
  if (!certificate.CertificateArn || certificate.CertificateArn->empty())
    return invalid("A certificate ARN must be specified");
  if (certificate.IsDefault) return invalid("IsDefault cannot be specified as an input");
  return *certificate.CertificateArn;
}

// One of the caller's that is issued, or will be; AWS takes issued ones only.
Outcome<str> known_certificate(const Tx& tx, const api::Certificate& certificate) {
  str arn = TRY(arn_of(certificate));
  const auto known = acm::usable(tx, tx.world(), arn);
  if (!known) return certificate_not_found(arn);
  if (known->failed || known->expired)
    return refuse("UnsupportedCertificate",
                  cat("The certificate '", arn,
                      "' must have a fully-qualified domain name, a supported signature, and a supported key size."));
  return arn;
}

}  // namespace

const SslPolicy* find_ssl_policy(std::string_view name) {
  const auto* found = std::ranges::find(policies, name, &SslPolicy::name);
  return found == policies.end() ? nullptr : found;
}

list<str> versions_of(const SslPolicy& policy) {
  list<str> versions;
  for (int version = policy.oldest; version <= policy.newest; ++version)
    versions.push_back(version == 0 ? "TLSv1" : cat("TLSv1.", version));
  return versions;
}

list<str> ciphers_of(const SslPolicy& policy) {
  list<str> names;
  for (const CipherOfGroup& each : ciphers)
    if ((policy.cipher_groups & each.group) != 0) names.emplace_back(each.name);
  return names;
}

Outcome<list<str>> alpn_protocols(std::string_view policy) {
  const auto* found = std::ranges::find(alpn_policies, policy, &AlpnPolicy::name);
  if (found == alpn_policies.end())
    return refuse("ALPNPolicyNotFound", cat("ALPN policy '", policy,
                                            "' must be one of 'HTTP1Only, HTTP2Only, HTTP2Optional, HTTP2Preferred, "
                                            "None'"));
  list<str> protocols;
  for (const std::string_view each : found->protocols)
    if (!each.empty()) protocols.emplace_back(each);
  return protocols;
}

Outcome<str> default_certificate(const Tx& tx, std::string_view protocol, const list<api::Certificate>& certificates) {
  if (certificates.empty()) return invalid(cat("A certificate must be specified for ", protocol, " listeners"));
  if (certificates.size() > 1)
    return invalid("Only one certificate can be specified here; use AddListenerCertificates for more");
  return known_certificate(tx, certificates.front());
}

BalancerTls tls_of(const Tx& tx, const World& world, const ListenerRow& row) {
  BalancerTls tls;
  if (const SslPolicy* policy = find_ssl_policy(row.ssl_policy); policy != nullptr) {
    tls.versions = versions_of(*policy);
    tls.ciphers = ciphers_of(*policy);
  }
  if (!row.alpn_policy.empty()) tls.alpn = alpn_protocols(row.alpn_policy).value_or(list<str>{});
  for (const str& arn : row.certificates)
    if (const auto usable = acm::usable(tx, world, arn); usable && !usable->certificate.empty())
      tls.certificates.push_back(
          {.arn = arn, .certificate = usable->certificate, .private_key = usable->private_key, .chain = usable->chain});
  return tls;
}

void note_certificates(Tx& tx, const World& world, const str& balancer_arn) {
  std::set<str> used;
  for (const Key& key : tx.where<ListenerRow>(ListenerRow::by_balancer, balancer_arn))
    for (const str& arn : tx.find<ListenerRow>(key)->certificates) used.insert(arn);
  acm::set_uses(tx, world, balancer_arn, used);
}

Outcome<api::AddListenerCertificatesOutput> add_listener_certificates(
    Tx& tx, const api::AddListenerCertificatesInput& request) {
  ListenerRow row = *TRY(listener_with_certificates(tx, request.ListenerArn));
  const std::size_t before = row.certificates.size();
  for (const api::Certificate& each : request.Certificates) {
    const str arn = TRY(known_certificate(tx, each));
    if (std::ranges::find(row.certificates, arn) == row.certificates.end()) row.certificates.push_back(arn);
  }
  if (certificates_of_balancer(tx, row.balancer_arn) + row.certificates.size() - before >
      limits::certificates_of_balancer)
    return refuse("TooManyCertificates", cat("The maximum number of certificates '", limits::certificates_of_balancer,
                                             "' has been reached on load balancer '", row.balancer_arn, "'"));
  tx.put(listener_key(tx.world(), row.arn), row);
  balancer_changed(tx, tx.world(), row.balancer_arn);
  api::AddListenerCertificatesOutput output{.Certificates = list<api::Certificate>{}};
  for (const api::Certificate& each : request.Certificates)
    output.Certificates->push_back(
        {.CertificateArn = each.CertificateArn, .IsDefault = *each.CertificateArn == row.certificates.front()});
  return output;
}

// One that the listener has not is no error.
Outcome<api::RemoveListenerCertificatesOutput> remove_listener_certificates(
    Tx& tx, const api::RemoveListenerCertificatesInput& request) {
  ListenerRow row = *TRY(listener_with_certificates(tx, request.ListenerArn));
  for (const api::Certificate& each : request.Certificates) {
    const str arn = TRY(arn_of(each));
    if (arn == row.certificates.front())
      return refuse("OperationNotPermitted", cat("The default certificate '", arn, "' cannot be removed"));
    std::erase(row.certificates, arn);
  }
  tx.put(listener_key(tx.world(), row.arn), row);
  balancer_changed(tx, tx.world(), row.balancer_arn);
  return api::RemoveListenerCertificatesOutput{};
}

// The default one first, which an ARN alone does not sort so: a page's token names the place.
Outcome<api::DescribeListenerCertificatesOutput> describe_listener_certificates(
    Tx& tx, const api::DescribeListenerCertificatesInput& request) {
  const ListenerRow* row = TRY(known_listener(tx, request.ListenerArn));
  struct Item {
    str key;
    api::Certificate certificate;
  };
  list<Item> items;
  for (const str& arn : row->certificates) {
    const bool first = items.empty();
    items.push_back({.key = cat(first ? "0 " : "1 ", arn), .certificate = {.CertificateArn = arn, .IsDefault = first}});
  }
  std::ranges::sort(items, {}, &Item::key);
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  auto page = TRY(wire::paginate(
      std::move(items), [](const Item& item) -> const str& { return item.key; },
      page_rules("DescribeListenerCertificates"), request.Marker, request.PageSize));
  api::DescribeListenerCertificatesOutput output{.Certificates = list<api::Certificate>{}, .NextMarker = page.next};
  for (const Item& item : page.items) output.Certificates->push_back(item.certificate);
  return output;
}

Outcome<api::DescribeSSLPoliciesOutput> describe_ssl_policies(Tx& /*tx*/,
                                                              const api::DescribeSSLPoliciesInput& request) {
  const list<str> asked = request.Names.value_or(list<str>{});
  for (const str& name : asked)
    if (find_ssl_policy(name) == nullptr) return ssl_policy_not_found(name);
  struct Item {
    str name;
    const SslPolicy* policy;
  };
  list<Item> items;
  const bool none = request.LoadBalancerType && *request.LoadBalancerType == "gateway";
  for (const SslPolicy& policy : policies)
    if (!none && (asked.empty() || std::ranges::find(asked, policy.name) != asked.end()))
      items.push_back({str(policy.name), &policy});
  if (request.PageSize) TRY_VOID(within(*request.PageSize, 1, page_max, "pageSize"));
  auto page = TRY(wire::paginate(
      std::move(items), [](const Item& item) -> const str& { return item.name; }, page_rules("DescribeSSLPolicies"),
      request.Marker, request.PageSize));
  api::DescribeSSLPoliciesOutput output{.SslPolicies = list<api::SslPolicy>{}, .NextMarker = page.next};
  for (const Item& item : page.items) output.SslPolicies->push_back(view(*item.policy));
  return output;
}

}  // namespace utakata::elb
