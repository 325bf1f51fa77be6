#include <doctest/doctest.h>

#include <array>

#include "core/effect.hpp"
#include "core/machine.hpp"
#include "core/report.hpp"
#include "services/acm/certificates_fixture_test.hpp"
#include "services/acm/module.hpp"
#include "services/acm/ops.hpp"
#include "wire/json.hpp"

using namespace utakata;             // NOLINT: a test
using namespace utakata::acm;        // NOLINT: a test
using namespace utakata::acm::test;  // NOLINT: a test

namespace {

constexpr std::array<void (*)(Schema&), 1> modules{declare};

struct Bench {
  Machine machine{7, modules};
  Instant now = *parse_iso8601("2027-05-06T11:42:34Z");
  World world{"111122223333", "ap-northeast-1"};
  Step step = {};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    step = machine.step(now, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  static api::ImportCertificateRequest whole() {
    return {.Certificate = {str(leaf)}, .PrivateKey = {str(leaf_key)}, .CertificateChain = Blob{str(authority)}};
  }
  Outcome<api::ImportCertificateResponse> import(const api::ImportCertificateRequest& request) {
    return call<import_certificate, api::ImportCertificateResponse>(request);
  }
  str refusal(const api::ImportCertificateRequest& request) {
    const auto done = import(request);
    return done ? "done" : cat(done.error().code, ": ", done.error().message);
  }
  Outcome<api::RequestCertificateResponse> request(const api::RequestCertificateRequest& wanted) {
    return call<request_certificate, api::RequestCertificateResponse>(wanted);
  }
  api::CertificateDetail described(const str& arn) {
    return *call<describe_certificate, api::DescribeCertificateResponse>(
                api::DescribeCertificateRequest{.CertificateArn = arn})
                ->Certificate;
  }
  [[nodiscard]] list<IssueCertificate> asked() const {
    list<IssueCertificate> found;
    for (const Effect& effect : step.effects)
      if (const auto* issue = std::get_if<IssueCertificate>(&effect)) found.push_back(*issue);
    return found;
  }
  list<str> listed(const api::ListCertificatesRequest& request) {
    list<str> names;
    const auto page = call<list_certificates, api::ListCertificatesResponse>(request);
    REQUIRE(page);
    for (const auto& each : *page->CertificateSummaryList) names.push_back(*each.DomainName);
    return names;
  }
};

}  // namespace

TEST_CASE("acm: an imported certificate is shown as what it says, without its key") {
  Bench bench;
  const auto made = bench.import(Bench::whole());
  REQUIRE(made);
  CHECK(made->CertificateArn->starts_with("arn:aws:acm:ap-northeast-1:111122223333:certificate/"));
  const auto detail = bench.described(*made->CertificateArn);
  CHECK(*detail.DomainName == "www.example.com");
  CHECK(*detail.SubjectAlternativeNames == list<str>{"www.example.com", "*.example.com"});
  CHECK(*detail.Serial == "0a:1b:2c");
  CHECK(*detail.Subject == "C=JP,O=Example,CN=www.example.com");
  CHECK(*detail.Issuer == "CN=Test CA");
  CHECK(detail.Status->name() == "ISSUED");
  CHECK(detail.Type->name() == "IMPORTED");
  CHECK(detail.KeyAlgorithm_->name() == "EC_prime256v1");
  CHECK(*detail.SignatureAlgorithm == "SHA256WITHECDSA");
  CHECK(detail.KeyUsages->front().Name->name() == "DIGITAL_SIGNATURE");
  CHECK(detail.ExtendedKeyUsages->front().Name->name() == "TLS_WEB_SERVER_AUTHENTICATION");
  CHECK(*detail.ExtendedKeyUsages->front().OID == "1.3.6.1.5.5.7.3.1");
  CHECK(*detail.ImportedAt == bench.now);
  CHECK(detail.NotBefore->ns / 1'000'000'000 % 86'400 >= 0);
  CHECK_FALSE(wire::write_json(detail).contains("PRIVATE"));
  const auto got = bench.call<get_certificate, api::GetCertificateResponse>(
      api::GetCertificateRequest{.CertificateArn = *made->CertificateArn});
  CHECK(*got->Certificate == leaf);
  CHECK(*got->CertificateChain == authority);
}

TEST_CASE("acm: what is wrong with an import is named") {
  Bench bench;
  auto wrong = Bench::whole();
  wrong.Certificate = {"hello"};
  CHECK(bench.refusal(wrong) == "ValidationException: The certificate is not PEM-encoded or is not valid.");
  wrong = Bench::whole();
  wrong.Certificate = {cat(leaf, authority)};
  CHECK(bench.refusal(wrong).contains("more than one certificate"));
  wrong = Bench::whole();
  wrong.PrivateKey = {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nabc\n-----END ENCRYPTED PRIVATE KEY-----\n"};
  CHECK(bench.refusal(wrong).contains("encrypted with a passphrase"));
  wrong.PrivateKey = {str(own_signed_key)};
  CHECK(bench.refusal(wrong).contains("private key does not match"));
  wrong.PrivateKey = {str(leaf)};
  CHECK(bench.refusal(wrong) == "ValidationException: The private key is not PEM-encoded or is not valid.");
  wrong.PrivateKey = {};
  CHECK(bench.refusal(wrong).contains("'privateKey'"));
  wrong = Bench::whole();
  wrong.CertificateChain = Blob{"x"};
  CHECK(bench.refusal(wrong) == "ValidationException: The certificate chain is not PEM-encoded or is not valid.");
  wrong.CertificateChain = Blob{str(own_signed)};
  CHECK(bench.refusal(wrong) == "ValidationException: Could not validate the certificate with the certificate chain.");
  wrong.CertificateChain.reset();
  CHECK(bench.refusal(wrong).contains("not a valid self signed"));
  CHECK(bench.refusal({.Certificate = {str(own_signed)}, .PrivateKey = {str(own_signed_key)}}) == "done");
  bench.now = *parse_iso8601("2020-01-01T00:00:00Z");
  CHECK(bench.refusal(Bench::whole()).contains("not in effect yet"));
  bench.now = *parse_iso8601("2190-01-01T00:00:00Z");
  CHECK(bench.refusal(Bench::whole()).contains("has expired"));
}

TEST_CASE("acm: a certificate is imported anew by its ARN, with its tags, but without new ones") {
  Bench bench;
  auto request = Bench::whole();
  request.Tags = list<api::Tag>{{.Key = "team", .Value = "a"}};
  const str arn = *bench.import(request)->CertificateArn;
  request.CertificateArn = arn;
  CHECK(bench.refusal(request) == "InvalidParameterException: Tagging is not permitted on re-import.");
  request = {.CertificateArn = arn, .Certificate = {str(own_signed)}, .PrivateKey = {str(own_signed_key)}};
  CHECK(bench.refusal(request) == "done");
  CHECK(*bench.described(arn).DomainName == "self.example.com");
  const auto tags = bench.call<list_tags, api::ListTagsForCertificateResponse>(
      api::ListTagsForCertificateRequest{.CertificateArn = arn});
  CHECK(tags->Tags->size() == 1);
  request.CertificateArn = arn + "0";
  CHECK(bench.refusal(request).starts_with("ResourceNotFoundException"));
  request.CertificateArn = str("arn:aws:iam::1:server-certificate/x");
  CHECK(bench.refusal(request).starts_with("InvalidArnException"));
}

TEST_CASE("acm: a certificate that is asked for is issued when the authority has answered, once") {
  Bench bench;
  const auto made = bench.request({.DomainName = "*.Example.com",
                                   .ValidationMethod_ = "DNS",
                                   .SubjectAlternativeNames = list<str>{"example.com", "*.example.com"},
                                   .IdempotencyToken = "once"});
  REQUIRE(made);
  const str arn = *made->CertificateArn;
  REQUIRE(bench.asked().size() == 1);
  CHECK(bench.asked()[0].domain_names == list<str>{"*.example.com", "example.com"});
  CHECK(bench.asked()[0].key_algorithm == "RSA_2048");
  auto detail = bench.described(arn);
  CHECK(detail.Status->name() == "PENDING_VALIDATION");
  REQUIRE(detail.DomainValidationOptions->size() == 2);
  const auto& first = detail.DomainValidationOptions->front();
  CHECK(first.ValidationStatus->name() == "PENDING_VALIDATION");
  CHECK(first.ResourceRecord->Name.ends_with(".example.com."));
  CHECK(first.ResourceRecord->Value.ends_with(".acm-validations.aws."));
  CHECK(detail.DomainValidationOptions->back().ResourceRecord->Name == first.ResourceRecord->Name);
  CHECK(bench.call<get_certificate, api::GetCertificateResponse>(api::GetCertificateRequest{.CertificateArn = arn})
            .error()
            .code == "RequestInProgressException");
  // Asked for once more after a restart; both answers come.
  bench.step = bench.machine.step(bench.now, Recovered{});
  CHECK(bench.asked().size() == 1);
  const CertificateReport report{
      .arn = arn, .certificate = str(leaf), .chain = str(authority), .private_key = str(leaf_key)};
  bench.machine.step(bench.now, report);
  bench.machine.step(bench.now + seconds(5), CertificateReport{.arn = arn, .reason = "too late"});
  detail = bench.described(arn);
  CHECK(detail.Status->name() == "ISSUED");
  CHECK(*detail.IssuedAt == bench.now);
  CHECK(detail.DomainValidationOptions->front().ValidationStatus->name() == "SUCCESS");
  CHECK(*bench
             .request({.DomainName = "*.example.com",
                       .ValidationMethod_ = "DNS",
                       .SubjectAlternativeNames = list<str>{"example.com"},
                       .IdempotencyToken = "once"})
             ->CertificateArn == arn);
  bench.now = *parse_iso8601("2190-01-01T00:00:00Z");
  CHECK(bench.described(arn).Status->name() == "EXPIRED");
}

TEST_CASE("acm: a request that cannot be met is refused by name, and a failure told") {
  Bench bench;
  const auto refused = [&](const api::RequestCertificateRequest& wanted) {
    const auto done = bench.request(wanted);
    return done ? "done" : cat(done.error().code, ": ", done.error().message);
  };
  for (const str bad : {"example", "-a.example.com", "a..b", "a b.com", "*.*.example.com", "a.*.com"})
    CHECK_MESSAGE(refused({.DomainName = bad}).contains("'domainName'"), bad);
  CHECK(
      refused({.DomainName = "a.b", .SubjectAlternativeNames = list<str>{"x"}}).contains("subjectAlternativeNames.1"));
  CHECK(refused({.DomainName = "a.bc", .KeyAlgorithm_ = "RSA_4096"}).starts_with("InvalidParameterException"));
  CHECK(refused({.DomainName = "a.bc", .ValidationMethod_ = "HTTP"}).starts_with("InvalidParameterException"));
  CHECK(refused({.DomainName = "a.example.com",
                 .DomainValidationOptions = list<api::DomainValidationOption>{{.DomainName = "a.example.com",
                                                                               .ValidationDomain = "other.com"}}})
            .starts_with("InvalidDomainValidationOptionsException"));
  list<str> many;
  for (int i = 0; i < 10; ++i) many.push_back(cat("n", i, ".example.com"));
  CHECK(refused({.DomainName = "example.com", .SubjectAlternativeNames = many}).starts_with("LimitExceededException"));
  const str arn = *bench.request({.DomainName = "example.com"})->CertificateArn;
  bench.machine.step(bench.now, CertificateReport{.arn = arn, .reason = "no entropy"});
  CHECK(bench.described(arn).Status->name() == "FAILED");
  CHECK(bench.described(arn).DomainValidationOptions->front().ValidationEmails->front() == "admin@example.com");
}

TEST_CASE("acm: lists are filtered, sorted and paged; tags come and go") {
  Bench bench;
  const str imported = *bench.import(Bench::whole())->CertificateArn;
  for (const str name : {"b.example.com", "a.example.com"}) {
    bench.now = bench.now + seconds(1);
    REQUIRE(bench.request({.DomainName = name}));
  }
  CHECK(bench.listed({}).size() == 2);  // without a filter RSA only, as on AWS
  CHECK(bench.listed({.SortBy = "CREATED_AT", .SortOrder = "DESCENDING"}) ==
        list<str>{"a.example.com", "b.example.com"});
  CHECK(bench.listed({.CertificateStatuses = list<api::CertificateStatus>{"ISSUED"},
                      .Includes = api::Filters{.keyTypes = list<api::KeyAlgorithm>{"EC_prime256v1"}}}) ==
        list<str>{"www.example.com"});
  const auto page = bench.call<list_certificates, api::ListCertificatesResponse>(
      api::ListCertificatesRequest{.MaxItems = 1, .SortBy = "CREATED_AT", .SortOrder = "ASCENDING"});
  CHECK(*page->CertificateSummaryList->front().DomainName == "b.example.com");
  CHECK(bench.listed({.NextToken = page->NextToken, .SortBy = "CREATED_AT", .SortOrder = "ASCENDING"}) ==
        list<str>{"a.example.com"});
  const auto add = [&](const list<api::Tag>& tags) {
    return bench.call<add_tags, api::Empty>(api::AddTagsToCertificateRequest{.CertificateArn = imported, .Tags = tags});
  };
  REQUIRE(add({{.Key = "a", .Value = "1"}, {.Key = "b"}}));
  CHECK(add({{.Key = "aws:x"}}).error().code == "InvalidTagException");
  REQUIRE(bench.call<remove_tags, api::Empty>(api::RemoveTagsFromCertificateRequest{
      .CertificateArn = imported, .Tags = {{.Key = "a", .Value = "2"}, {.Key = "b"}}}));
  const auto left = bench.call<list_tags, api::ListTagsForCertificateResponse>(
      api::ListTagsForCertificateRequest{.CertificateArn = imported});
  REQUIRE(left->Tags->size() == 1);
  CHECK(left->Tags->front().Key == "a");
  REQUIRE(bench.call<delete_certificate, api::Empty>(api::DeleteCertificateRequest{.CertificateArn = imported}));
  CHECK(bench
            .call<describe_certificate, api::DescribeCertificateResponse>(
                api::DescribeCertificateRequest{.CertificateArn = imported})
            .error()
            .code == "ResourceNotFoundException");
}
