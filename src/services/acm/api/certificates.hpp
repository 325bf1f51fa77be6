#pragma once

#include "base/types.hpp"

// Certificates of AWS Certificate Manager, as AWS spells them.
namespace utakata::acm::api {

using CertificateStatus =
    OneOf<"PENDING_VALIDATION", "ISSUED", "INACTIVE", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED">;
using CertificateType = OneOf<"IMPORTED", "AMAZON_ISSUED", "PRIVATE">;
using KeyAlgorithm =
    OneOf<"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1">;
using ValidationMethod = OneOf<"EMAIL", "DNS", "HTTP">;
using KeyUsageName =
    OneOf<"DIGITAL_SIGNATURE", "NON_REPUDIATION", "KEY_ENCIPHERMENT", "DATA_ENCIPHERMENT", "KEY_AGREEMENT",
          "CERTIFICATE_SIGNING", "CRL_SIGNING", "ENCIPHER_ONLY", "DECIPHER_ONLY", "ANY", "CUSTOM">;
using ExtendedKeyUsageName =
    OneOf<"TLS_WEB_SERVER_AUTHENTICATION", "TLS_WEB_CLIENT_AUTHENTICATION", "CODE_SIGNING", "EMAIL_PROTECTION",
          "TIME_STAMPING", "OCSP_SIGNING", "IPSEC_END_SYSTEM", "IPSEC_TUNNEL", "IPSEC_USER", "ANY", "NONE", "CUSTOM">;
using Switch = OneOf<"ENABLED", "DISABLED">;

struct Empty {};
struct Tag {
  str Key;
  opt<str> Value;
};
struct ImportCertificateRequest {
  opt<str> CertificateArn;
  Blob Certificate, PrivateKey;
  opt<Blob> CertificateChain;
  opt<list<Tag>> Tags;
};
struct ImportCertificateResponse {
  opt<str> CertificateArn;
};
struct DomainValidationOption {
  str DomainName, ValidationDomain;
};
struct CertificateOptions {
  opt<Switch> CertificateTransparencyLoggingPreference;
  opt<Switch> Export;
};
struct RequestCertificateRequest {
  str DomainName;
  opt<ValidationMethod> ValidationMethod_;
  opt<list<str>> SubjectAlternativeNames;
  opt<str> IdempotencyToken;
  opt<list<DomainValidationOption>> DomainValidationOptions;
  stored<CertificateOptions> Options;
  refused<str> CertificateAuthorityArn;
  opt<list<Tag>> Tags;
  opt<KeyAlgorithm> KeyAlgorithm_;
  refused<OneOf<"CLOUDFRONT">> ManagedBy;
};
struct RequestCertificateResponse {
  opt<str> CertificateArn;
};
struct DescribeCertificateRequest {
  str CertificateArn;
};
struct ResourceRecord {
  str Name;
  OneOf<"CNAME"> Type;
  str Value;
};
struct DomainValidation {
  str DomainName;
  opt<list<str>> ValidationEmails;
  opt<str> ValidationDomain;
  opt<OneOf<"PENDING_VALIDATION", "SUCCESS", "FAILED">> ValidationStatus;
  opt<acm::api::ResourceRecord> ResourceRecord;
  opt<ValidationMethod> ValidationMethod_;
};
struct KeyUsage {
  opt<KeyUsageName> Name;
};
struct ExtendedKeyUsage {
  opt<ExtendedKeyUsageName> Name;
  opt<str> OID;
};
struct CertificateDetail {
  opt<str> CertificateArn, DomainName;
  opt<list<str>> SubjectAlternativeNames;
  opt<list<DomainValidation>> DomainValidationOptions;
  opt<str> Serial, Subject, Issuer;
  opt<Instant> CreatedAt, IssuedAt, ImportedAt;
  opt<CertificateStatus> Status;
  opt<Instant> NotBefore, NotAfter;
  opt<KeyAlgorithm> KeyAlgorithm_;
  opt<str> SignatureAlgorithm;
  opt<list<str>> InUseBy;
  opt<OneOf<"OTHER">> FailureReason;
  opt<CertificateType> Type;
  opt<list<KeyUsage>> KeyUsages;
  opt<list<ExtendedKeyUsage>> ExtendedKeyUsages;
  opt<OneOf<"ELIGIBLE", "INELIGIBLE">> RenewalEligibility;
  opt<CertificateOptions> Options;
};
struct DescribeCertificateResponse {
  opt<CertificateDetail> Certificate;
};
struct Filters {
  opt<list<ExtendedKeyUsageName>> extendedKeyUsage;
  opt<list<KeyUsageName>> keyUsage;
  opt<list<KeyAlgorithm>> keyTypes;
  refused<Switch> exportOption;
  refused<OneOf<"CLOUDFRONT">> managedBy;
};
struct ListCertificatesRequest {
  opt<list<CertificateStatus>> CertificateStatuses;
  opt<Filters> Includes;
  opt<str> NextToken;
  opt<i32> MaxItems;
  opt<OneOf<"CREATED_AT">> SortBy;
  opt<OneOf<"ASCENDING", "DESCENDING">> SortOrder;
};
struct CertificateSummary {
  opt<str> CertificateArn, DomainName;
  opt<list<str>> SubjectAlternativeNameSummaries;
  opt<bool> HasAdditionalSubjectAlternativeNames;
  opt<CertificateStatus> Status;
  opt<CertificateType> Type;
  opt<KeyAlgorithm> KeyAlgorithm_;
  opt<list<KeyUsageName>> KeyUsages;
  opt<list<ExtendedKeyUsageName>> ExtendedKeyUsages;
  opt<bool> InUse;
  opt<OneOf<"ELIGIBLE", "INELIGIBLE">> RenewalEligibility;
  opt<Instant> NotBefore, NotAfter, CreatedAt, IssuedAt, ImportedAt;
};
struct ListCertificatesResponse {
  opt<str> NextToken;
  opt<list<CertificateSummary>> CertificateSummaryList;
};
struct GetCertificateRequest {
  str CertificateArn;
};
struct GetCertificateResponse {
  opt<str> Certificate, CertificateChain;
};
struct DeleteCertificateRequest {
  str CertificateArn;
};
struct AddTagsToCertificateRequest {
  str CertificateArn;
  list<Tag> Tags;
};
struct ListTagsForCertificateRequest {
  str CertificateArn;
};
struct ListTagsForCertificateResponse {
  opt<list<Tag>> Tags;
};
struct RemoveTagsFromCertificateRequest {
  str CertificateArn;
  list<Tag> Tags;
};

}  // namespace utakata::acm::api
