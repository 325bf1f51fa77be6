#include <algorithm>

#include "base/named.hpp"
#include "base/sha256.hpp"
#include "services/acm/ops.hpp"
#include "wire/pagination.hpp"

namespace utakata::acm {
namespace {

constexpr std::size_t record_digits = 32;

// The record that would prove that the domain is the caller's; the same for all certificates of an account.
api::ResourceRecord record_of(const World& world, std::string_view domain) {
  const str name = sha256_hex(cat(world.account, " name ", domain)).substr(0, record_digits);
  const str value = sha256_hex(cat(world.account, " value ", domain)).substr(0, record_digits);
  return {.Name = cat("_", name, ".", domain, "."), .Type = "CNAME", .Value = cat("_", value, ".acm-validations.aws.")};
}

list<api::DomainValidation> validations_of(const World& world, const CertificateRow& row) {
  list<api::DomainValidation> found;
  for (const str& name : row.names) {
    api::DomainValidation each{.DomainName = name, .ValidationDomain = name, .ValidationMethod_ = row.validation};
    for (const auto& option : row.validation_domains)
      if (to_lower(option.DomainName) == name) each.ValidationDomain = to_lower(option.ValidationDomain);
    each.ValidationStatus = row.status == "ISSUED"   ? decltype(each.ValidationStatus.value)("SUCCESS")
                            : row.status == "FAILED" ? decltype(each.ValidationStatus.value)("FAILED")
                                                     : decltype(each.ValidationStatus.value)("PENDING_VALIDATION");
    const std::string_view bare = name.starts_with("*.") ? std::string_view(name).substr(2) : std::string_view(name);
    if (row.validation == "DNS") {
      each.ResourceRecord = record_of(world, bare);
    } else {
      each.ValidationEmails = list<str>{};
      for (const char* who : {"admin", "administrator", "hostmaster", "postmaster", "webmaster"})
        each.ValidationEmails->push_back(cat(who, "@", *each.ValidationDomain));
    }
    found.push_back(std::move(each));
  }
  return found;
}

void show_facts(api::CertificateDetail& detail, const CertificateRow& row) {
  const x509::Facts& facts = row.facts;
  detail.Serial = facts.serial;
  detail.Subject = facts.subject;
  detail.Issuer = facts.issuer;
  detail.NotBefore = facts.not_before;
  detail.NotAfter = facts.not_after;
  detail.SignatureAlgorithm = facts.signature_algorithm;
  detail.KeyUsages = list<api::KeyUsage>{};
  for (const str& each : facts.key_usages) detail.KeyUsages->push_back({.Name = named<api::KeyUsageName>(each)});
  detail.ExtendedKeyUsages = list<api::ExtendedKeyUsage>{};
  for (const auto& each : facts.purposes)
    detail.ExtendedKeyUsages->push_back({.Name = named<api::ExtendedKeyUsageName>(each.name), .OID = each.oid});
}

api::CertificateDetail detail_of(const Tx& tx, const CertificateRow& row) {
  api::CertificateDetail detail{.CertificateArn = row.arn,
                                .DomainName = row.domain_name,
                                .SubjectAlternativeNames = row.names,
                                .CreatedAt = row.created_at,
                                .Status = status_at(row, tx.now()),
                                .KeyAlgorithm_ = named<api::KeyAlgorithm>(row.key_algorithm),
                                .InUseBy = users_of(tx, row.arn),
                                .Type = row.type,
                                .RenewalEligibility = "INELIGIBLE"};
  if (row.issued_at.set()) detail.IssuedAt = row.issued_at;
  if (row.imported_at.set()) detail.ImportedAt = row.imported_at;
  if (row.type != "IMPORTED") detail.DomainValidationOptions = validations_of(tx.world(), row);
  if (row.type != "IMPORTED") detail.Options = row.options;
  if (!row.failure.empty()) detail.FailureReason = "OTHER";
  if (!row.facts.serial.empty()) show_facts(detail, row);
  return detail;
}

api::CertificateSummary summary_of(const Tx& tx, const CertificateRow& row) {
  api::CertificateSummary summary{.CertificateArn = row.arn,
                                  .DomainName = row.domain_name,
                                  .SubjectAlternativeNameSummaries = row.names,
                                  .HasAdditionalSubjectAlternativeNames = row.names.size() > limits::summary_names,
                                  .Status = status_at(row, tx.now()),
                                  .Type = row.type,
                                  .KeyAlgorithm_ = named<api::KeyAlgorithm>(row.key_algorithm),
                                  .KeyUsages = list<api::KeyUsageName>{},
                                  .ExtendedKeyUsages = list<api::ExtendedKeyUsageName>{},
                                  .InUse = !users_of(tx, row.arn).empty(),
                                  .RenewalEligibility = "INELIGIBLE",
                                  .CreatedAt = row.created_at};
  if (*summary.HasAdditionalSubjectAlternativeNames)
    summary.SubjectAlternativeNameSummaries->resize(limits::summary_names);
  for (const str& each : row.facts.key_usages)
    if (const auto name = named<api::KeyUsageName>(each)) summary.KeyUsages->push_back(*name);
  for (const auto& each : row.facts.purposes)
    if (const auto name = named<api::ExtendedKeyUsageName>(each.name)) summary.ExtendedKeyUsages->push_back(*name);
  if (row.facts.not_before.set()) summary.NotBefore = row.facts.not_before;
  if (row.facts.not_after.set()) summary.NotAfter = row.facts.not_after;
  if (row.issued_at.set()) summary.IssuedAt = row.issued_at;
  if (row.imported_at.set()) summary.ImportedAt = row.imported_at;
  return summary;
}

template <class Item>
bool has(const list<Item>& items, const Item& item) {
  return std::ranges::find(items, item) != items.end();
}
template <class Item>
bool share(const list<Item>& some, const list<Item>& others) {
  return std::ranges::any_of(some, [&](const Item& each) { return has(others, each); });
}

// Without a filter by key types only those of RSA with up to 2048 bits are listed, as on AWS.
bool is_asked_for(const api::CertificateSummary& summary, const api::ListCertificatesRequest& request) {
  if (request.CertificateStatuses && !has(*request.CertificateStatuses, *summary.Status)) return false;
  const api::Filters filters = request.Includes.value_or(api::Filters{});
  const auto types = filters.keyTypes.value_or(list<api::KeyAlgorithm>{"RSA_1024", "RSA_2048"});
  if (!summary.KeyAlgorithm_ || !has(types, *summary.KeyAlgorithm_)) return false;
  if (filters.keyUsage && !share(*filters.keyUsage, *summary.KeyUsages)) return false;
  return !filters.extendedKeyUsage || share(*filters.extendedKeyUsage, *summary.ExtendedKeyUsages);
}

}  // namespace

Outcome<api::DescribeCertificateResponse> describe_certificate(Tx& tx, const api::DescribeCertificateRequest& request) {
  const Key key = TRY(find_certificate(tx, request.CertificateArn));
  return api::DescribeCertificateResponse{.Certificate = detail_of(tx, *tx.find<CertificateRow>(key))};
}

Outcome<api::ListCertificatesResponse> list_certificates(Tx& tx, const api::ListCertificatesRequest& request) {
  constexpr i32 page_max = 1000;
  constexpr std::size_t instant_digits = 20;
  if (request.SortBy.has != request.SortOrder.has) return invalid("SortBy and SortOrder must be given together.");
  // A page's token names the key that the items are sorted by.
  struct Item {
    str key;
    api::CertificateSummary summary;
  };
  const bool descending = request.SortOrder && *request.SortOrder == "DESCENDING";
  list<Item> items;
  tx.each<CertificateRow>(tx.world().key("certificate/"), [&](const Key&, const CertificateRow& row) {
    Item item{.key = row.arn, .summary = summary_of(tx, row)};
    if (!is_asked_for(item.summary, request)) return;
    if (request.SortBy) {
      const str number = cat(descending ? INT64_MAX - row.created_at.ns : row.created_at.ns);
      item.key = cat(str(instant_digits - number.size(), '0'), number, " ", row.arn);
    }
    items.push_back(std::move(item));
  });
  std::ranges::sort(items, {}, &Item::key);
  auto page = TRY(wire::paginate(
      std::move(items), [](const Item& item) -> const str& { return item.key; },
      {.operation = "ListCertificates",
       .default_size = page_max,
       .max_size = page_max,
       .bad_token = {.code = "ValidationException", .message = "The NextToken is not valid.", .field = "/NextToken"},
       .bad_size = {.code = "ValidationException", .message = "MaxItems must be 1 to 1000.", .field = "/MaxItems"}},
      request.NextToken, request.MaxItems));
  api::ListCertificatesResponse response{.NextToken = page.next,
                                         .CertificateSummaryList = list<api::CertificateSummary>{}};
  for (Item& each : page.items) response.CertificateSummaryList->push_back(std::move(each.summary));
  return response;
}

Outcome<api::GetCertificateResponse> get_certificate(Tx& tx, const api::GetCertificateRequest& request) {
  const Key key = TRY(find_certificate(tx, request.CertificateArn));
  const CertificateRow& row = *tx.find<CertificateRow>(key);
  if (row.certificate.empty())
    return refuse("RequestInProgressException", cat("Certificate ", row.arn, " in account ", tx.world().account,
                                                    " is not issued: ", row.status.name(), "."));
  api::GetCertificateResponse response{.Certificate = row.certificate};
  if (!row.chain.empty()) response.CertificateChain = row.chain;
  return response;
}

Outcome<api::Empty> delete_certificate(Tx& tx, const api::DeleteCertificateRequest& request) {
  const Key key = TRY(find_certificate(tx, request.CertificateArn));
  if (!users_of(tx, request.CertificateArn).empty())
    return refuse("ResourceInUseException",
                  cat("Certificate ", request.CertificateArn, " in account ", tx.world().account, " is in use."));
  tx.erase<CertificateRow>(key);
  return api::Empty{};
}

Outcome<> take_tags(dict<str>& into, const list<api::Tag>& tags) {
  for (const api::Tag& each : tags) {
    if (each.Key.empty() || each.Key.size() > 128 || each.Key.starts_with("aws:"))
      return refuse("InvalidTagException",
                    cat("Tag key '", each.Key, "' must have 1 to 128 characters and not begin with 'aws:'."));
    if (each.Value && each.Value->size() > 256)
      return refuse("InvalidTagException", cat("The value of tag '", each.Key, "' must have at most 256 characters."));
    into[each.Key] = each.Value.value_or("");
  }
  if (into.size() > limits::tags)
    return refuse("TooManyTagsException", cat("A certificate can have at most ", limits::tags, " tags."));
  return {};
}

Outcome<api::Empty> add_tags(Tx& tx, const api::AddTagsToCertificateRequest& request) {
  const Key key = TRY(find_certificate(tx, request.CertificateArn));
  CertificateRow row = *tx.find<CertificateRow>(key);
  TRY_VOID(take_tags(row.tags, request.Tags));
  tx.put(key, std::move(row));
  return api::Empty{};
}

Outcome<api::ListTagsForCertificateResponse> list_tags(Tx& tx, const api::ListTagsForCertificateRequest& request) {
  const Key key = TRY(find_certificate(tx, request.CertificateArn));
  api::ListTagsForCertificateResponse response{.Tags = list<api::Tag>{}};
  for (const auto& [name, value] : tx.find<CertificateRow>(key)->tags)
    response.Tags->push_back({.Key = name, .Value = value});
  return response;
}

// A tag with a value goes only if it has that value.
Outcome<api::Empty> remove_tags(Tx& tx, const api::RemoveTagsFromCertificateRequest& request) {
  const Key key = TRY(find_certificate(tx, request.CertificateArn));
  tx.update<CertificateRow>(key, [&](CertificateRow& row) {
    for (const api::Tag& each : request.Tags) {
      const auto at = row.tags.find(each.Key);
      if (at != row.tags.end() && (!each.Value || *each.Value == at->second)) row.tags.erase(at);
    }
  });
  return api::Empty{};
}

}  // namespace utakata::acm
