#pragma once

#include "services/ssm/api/sessions.hpp"
#include "services/ssm/state.hpp"

namespace utakata::ssm {

Outcome<api::PutParameterResult> put_parameter(Tx&, const api::PutParameterRequest&);
Outcome<api::GetParameterResult> get_parameter(Tx&, const api::GetParameterRequest&);
Outcome<api::GetParametersResult> get_parameters(Tx&, const api::GetParametersRequest&);
Outcome<api::GetParametersByPathResult> get_parameters_by_path(Tx&, const api::GetParametersByPathRequest&);
Outcome<api::Empty> delete_parameter(Tx&, const api::DeleteParameterRequest&);
Outcome<api::DeleteParametersResult> delete_parameters(Tx&, const api::DeleteParametersRequest&);
Outcome<api::DescribeParametersResult> describe_parameters(Tx&, const api::DescribeParametersRequest&);
Outcome<api::GetParameterHistoryResult> get_parameter_history(Tx&, const api::GetParameterHistoryRequest&);
Outcome<api::LabelParameterVersionResult> label_parameter_version(Tx&, const api::LabelParameterVersionRequest&);
Outcome<api::Empty> add_tags_to_resource(Tx&, const api::AddTagsToResourceRequest&);
Outcome<api::Empty> remove_tags_from_resource(Tx&, const api::RemoveTagsFromResourceRequest&);
Outcome<api::ListTagsForResourceResult> list_tags_for_resource(Tx&, const api::ListTagsForResourceRequest&);
Outcome<api::ResumeSessionResponse> resume_session(Tx&, const api::ResumeSessionRequest&);

}  // namespace utakata::ssm
