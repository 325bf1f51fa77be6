#pragma once

#include "services/secretsmanager/state.hpp"

namespace utakata::secretsmanager {

Outcome<api::CreateSecretResponse> create_secret(Tx&, const api::CreateSecretRequest&);
Outcome<api::UpdateSecretResponse> update_secret(Tx&, const api::UpdateSecretRequest&);
Outcome<api::DescribeSecretResponse> describe_secret(Tx&, const api::DescribeSecretRequest&);
Outcome<api::DeleteSecretResponse> delete_secret(Tx&, const api::DeleteSecretRequest&);
Outcome<api::RestoreSecretResponse> restore_secret(Tx&, const api::RestoreSecretRequest&);
Outcome<api::ListSecretsResponse> list_secrets(Tx&, const api::ListSecretsRequest&);
Outcome<api::Empty> tag_resource(Tx&, const api::TagResourceRequest&);
Outcome<api::Empty> untag_resource(Tx&, const api::UntagResourceRequest&);

Outcome<api::PutSecretValueResponse> put_secret_value(Tx&, const api::PutSecretValueRequest&);
Outcome<api::GetSecretValueResponse> get_secret_value(Tx&, const api::GetSecretValueRequest&);
Outcome<api::ListSecretVersionIdsResponse> list_secret_version_ids(Tx&, const api::ListSecretVersionIdsRequest&);
Outcome<api::UpdateSecretVersionStageResponse> update_secret_version_stage(Tx&,
                                                                           const api::UpdateSecretVersionStageRequest&);

/// Adds a version, or finds the one that the same request has made before. Faults ResourceExistsException (the token
/// with another value), InvalidParameterException.
struct NewVersion {
  opt<str> token, text;
  opt<Blob> bytes;
  list<str> stages;
};
Outcome<str> add_version(Tx&, SecretRow&, const NewVersion&);

}  // namespace utakata::secretsmanager
