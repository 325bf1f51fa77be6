#pragma once

#include "services/logs/api/groups.hpp"
#include "services/logs/state.hpp"

namespace utakata::logs {

Outcome<api::Empty> create_log_group(Tx&, const api::CreateLogGroupRequest&);
Outcome<api::Empty> delete_log_group(Tx&, const api::DeleteLogGroupRequest&);
Outcome<api::DescribeLogGroupsResponse> describe_log_groups(Tx&, const api::DescribeLogGroupsRequest&);
Outcome<api::Empty> put_retention_policy(Tx&, const api::PutRetentionPolicyRequest&);
Outcome<api::Empty> delete_retention_policy(Tx&, const api::DeleteRetentionPolicyRequest&);
Outcome<api::Empty> tag_resource(Tx&, const api::TagResourceRequest&);
Outcome<api::Empty> untag_resource(Tx&, const api::UntagResourceRequest&);
Outcome<api::ListTagsForResourceResponse> list_tags_for_resource(Tx&, const api::ListTagsForResourceRequest&);

}  // namespace utakata::logs
