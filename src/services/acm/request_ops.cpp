#include <algorithm>

#include "services/acm/ops.hpp"
#include "services/acm/public.hpp"

namespace utakata::acm {
namespace {

constexpr Duration idempotent_for = hours(1);  // as AWS
constexpr std::size_t name_characters = 253;
constexpr std::size_t label_characters = 63;

bool is_label(std::string_view label) {
  const auto sound = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= label_characters && std::ranges::all_of(label, sound) &&
         !label.starts_with('-') && !label.ends_with('-');
}

// "example.com", "*.example.com"
bool is_domain_name(std::string_view name) {
  if (name.size() > name_characters) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  const auto labels = split(name, '.');
  return labels.size() > 1 && std::ranges::all_of(labels, is_label);
}

Outcome<> check_name(std::string_view name, std::string_view member) {
  if (is_domain_name(name)) return {};
  return invalid(cat("1 validation error detected: Value '", name, "' at '", member,
                     "' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                     "^(\\*\\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])$"));
}

// The domain name first, each name once.
Outcome<list<str>> names_of(const api::RequestCertificateRequest& request) {
  TRY_VOID(check_name(request.DomainName, "domainName"));
  list<str> names{to_lower(request.DomainName)};
  const auto more = request.SubjectAlternativeNames.value_or(list<str>{});
  for (std::size_t i = 0; i < more.size(); ++i) {
    TRY_VOID(check_name(more[i], cat("subjectAlternativeNames.", i + 1, ".member")));
    if (str name = to_lower(more[i]); std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  if (names.size() > limits::names)
    return refuse("LimitExceededException", cat("A certificate can have at most ", limits::names,
                                                " domain names; this request names ", names.size(), "."));
  return names;
}

// Of each option its domain is the certificate's, and the validation domain the same or above it.
Outcome<> check_validation_domains(const list<str>& names, const list<api::DomainValidationOption>& options) {
  for (const api::DomainValidationOption& each : options) {
    const str name = to_lower(each.DomainName);
    const str above = to_lower(each.ValidationDomain);
    if (std::ranges::find(names, name) == names.end() || (name != above && !name.ends_with(cat(".", above))))
      return refuse("InvalidDomainValidationOptionsException",
                    cat("The validation domain '", each.ValidationDomain, "' of domain '", each.DomainName,
                        "' must be that domain or one above it, and the domain one of the certificate's."));
  }
  return {};
}

Outcome<str> key_algorithm(const api::RequestCertificateRequest& request) {
  const api::KeyAlgorithm asked = request.KeyAlgorithm_ ? *request.KeyAlgorithm_ : api::KeyAlgorithm("RSA_2048");
  if (asked == "RSA_2048" || asked == "EC_prime256v1" || asked == "EC_secp384r1") return str(asked.name());
  return invalid_parameter(
      cat("Key algorithm '", asked.name(), "' cannot be requested; use RSA_2048, EC_prime256v1 or EC_secp384r1."));
}

// The certificate that the same request has made within the last hour.
const CertificateRow* made_before(const Tx& tx, const CertificateRow& wanted) {
  const CertificateRow* found = nullptr;
  if (wanted.idempotency_token.empty()) return nullptr;
  tx.each<CertificateRow>(tx.world().key("certificate/"), [&](const Key&, const CertificateRow& row) {
    if (row.idempotency_token == wanted.idempotency_token && row.names == wanted.names &&
        row.validation == wanted.validation && tx.now() - row.created_at < idempotent_for)
      found = &row;
  });
  return found;
}

}  // namespace

Outcome<> check_quota(const Tx& tx) {
  std::size_t count = 0;
  tx.each<CertificateRow>(tx.world().key("certificate/"), [&](const Key&, const CertificateRow&) { ++count; });
  if (count < limits::certificates) return {};
  return refuse("LimitExceededException",
                cat("The account has reached its quota of ", limits::certificates, " certificates."));
}

str new_arn(Tx& tx) {
  return cat("arn:aws:acm:", tx.world().region, ":", tx.world().account, ":certificate/", tx.uuid());
}

Outcome<api::RequestCertificateResponse> request_certificate(Tx& tx, const api::RequestCertificateRequest& request) {
  CertificateRow row {
    .names = TRY(names_of(request))
    , .type = "AMAZON_ISSUED", .status = "PENDING_VALIDATION"
  };
  row.domain_name = row.names.front();
  row.key_algorithm = TRY(key_algorithm(request));
  if (request.ValidationMethod_ && *request.ValidationMethod_ == "HTTP")
    return invalid_parameter("Validation by HTTP is for certificates that CloudFront manages; use DNS or EMAIL.");
  row.validation = request.ValidationMethod_ ? *request.ValidationMethod_ : api::ValidationMethod("EMAIL");
  row.validation_domains = request.DomainValidationOptions.value_or(list<api::DomainValidationOption>{});
  TRY_VOID(check_validation_domains(row.names, row.validation_domains));
  TRY_VOID(take_tags(row.tags, request.Tags.value_or(list<api::Tag>{})));
  row.idempotency_token = request.IdempotencyToken.value_or("");
  if (const CertificateRow* known = made_before(tx, row))
    return api::RequestCertificateResponse{.CertificateArn = known->arn};
  TRY_VOID(check_quota(tx));
  if (request.Options) row.options = *request.Options;
  row.arn = new_arn(tx);
  row.created_at = tx.now();
  const Key key = certificate_key(tx.world(), row.arn);
  tx.put(key, row);
  tx.mark(issuing, key);
  return api::RequestCertificateResponse{.CertificateArn = row.arn};
}

}  // namespace utakata::acm
