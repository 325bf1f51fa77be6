#pragma once

#include "services/acm/state.hpp"

namespace utakata::acm {

Outcome<api::ImportCertificateResponse> import_certificate(Tx&, const api::ImportCertificateRequest&);
Outcome<api::RequestCertificateResponse> request_certificate(Tx&, const api::RequestCertificateRequest&);
Outcome<api::DescribeCertificateResponse> describe_certificate(Tx&, const api::DescribeCertificateRequest&);
Outcome<api::ListCertificatesResponse> list_certificates(Tx&, const api::ListCertificatesRequest&);
Outcome<api::GetCertificateResponse> get_certificate(Tx&, const api::GetCertificateRequest&);
Outcome<api::Empty> delete_certificate(Tx&, const api::DeleteCertificateRequest&);
Outcome<api::Empty> add_tags(Tx&, const api::AddTagsToCertificateRequest&);
Outcome<api::ListTagsForCertificateResponse> list_tags(Tx&, const api::ListTagsForCertificateRequest&);
Outcome<api::Empty> remove_tags(Tx&, const api::RemoveTagsFromCertificateRequest&);

/// Fault LimitExceededException.
Outcome<> check_quota(const Tx&);
str new_arn(Tx&);
/// Adds tags to a row's own. Faults TooManyTagsException, InvalidTagException.
Outcome<> take_tags(dict<str>& into, const list<api::Tag>&);

}  // namespace utakata::acm
