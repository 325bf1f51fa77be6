#include "services/acm/state.hpp"

#include <algorithm>

#include "core/arn.hpp"
#include "core/effect.hpp"
#include "core/report.hpp"
#include "services/acm/public.hpp"
#include "x509/pem.hpp"

namespace utakata::acm {
namespace {

void ask_for(Tx& tx, const Key& key) {
  const auto* row = tx.find<CertificateRow>(key);
  if (row == nullptr || row->status != "PENDING_VALIDATION") return;
  tx.emit(IssueCertificate{.arn = row->arn, .domain_names = row->names, .key_algorithm = row->key_algorithm});
}

// What comes twice, or for a certificate that was deleted meanwhile, changes nothing.
void take_issued(Tx& tx, const Report& report) {
  const auto& said = std::get<CertificateReport>(report);
  const World world = world_of_arn(said.arn);
  const Key key = certificate_key(world, said.arn);
  const auto* known = tx.find<CertificateRow>(key);
  if (known == nullptr || known->status != "PENDING_VALIDATION") return;
  CertificateRow row = *known;
  if (!said.reason.empty()) {
    row.status = "FAILED";
    row.failure = said.reason;
  } else {
    row.status = "ISSUED";
    row.issued_at = tx.now();
    row.certificate = said.certificate;
    row.chain = said.chain;
    row.private_key = said.private_key;
    // A simulated authority signs nothing: what its certificates say is what was asked for.
    if (const auto read = x509::read_certificates(said.certificate)) take_facts(row, *read->front());
  }
  tx.put(key, row);
  tx.publish({.kind = changed, .key = world.key(row.arn), .body = {}});
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<CertificateRow>();
  schema.table<UseRow>({.indexes = {[](const UseRow& row) { return row.certificate; }}});
  schema.reconciler(issuing, ask_for);
  schema.report(report_kind<CertificateReport>, take_issued);
  schema.on_recover([](Tx& tx) {
    tx.each<CertificateRow>("", [&](const Key& key, const CertificateRow&) { tx.mark(issuing, key); });
  });
}

Outcome<Key> find_certificate(const Tx& tx, std::string_view arn) {
  const auto parts = split(arn, ':');
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "acm" || !parts[5].starts_with("certificate/"))
    return refuse("InvalidArnException", cat("The provided ARN is invalid: ", arn));
  Key key = certificate_key(tx.world(), arn);
  if (tx.find<CertificateRow>(key) == nullptr)
    return refuse("ResourceNotFoundException",
                  cat("Could not find certificate ", arn, " in account ", tx.world().account, "."));
  return key;
}

list<str> users_of(const Tx& tx, std::string_view arn) {
  list<str> users;
  for (const Key& key : tx.where<UseRow>(UseRow::by_certificate, arn)) users.push_back(tx.find<UseRow>(key)->user);
  return users;
}

void take_facts(CertificateRow& row, const X509& certificate) {
  row.facts = x509::facts_of(certificate);
  row.key_algorithm = row.facts.key_algorithm;
}

api::CertificateStatus status_at(const CertificateRow& row, Instant now) {
  if (row.status == "ISSUED" && row.facts.not_after.set() && row.facts.not_after <= now) return "EXPIRED";
  return row.status;
}

std::optional<Usable> usable(const Tx& tx, const World& world, std::string_view arn) {
  const auto* row = tx.find<CertificateRow>(certificate_key(world, arn));
  if (row == nullptr) return {};
  return Usable{.certificate = row->certificate,
                .private_key = row->private_key,
                .chain = row->chain,
                .failed = row->status == "FAILED",
                .expired = status_at(*row, tx.now()) == "EXPIRED"};
}

void set_uses(Tx& tx, const World& world, const str& user, const std::set<str>& certificates) {
  list<Key> gone;
  const str front = world.key("use/", user, " ");
  tx.each<UseRow>(front, [&](const Key& key, const UseRow& row) {
    if (!certificates.contains(row.certificate)) gone.push_back(key);
  });
  for (const Key& key : gone) tx.erase<UseRow>(key);
  for (const str& arn : certificates)
    if (const Key key = cat(front, arn); tx.find<UseRow>(key) == nullptr)
      tx.put(key, UseRow{.certificate = arn, .user = user});
}

}  // namespace utakata::acm
