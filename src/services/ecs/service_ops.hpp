#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

Outcome<api::CreateServiceResponse> create_service(Tx&, const api::CreateServiceRequest&);
Outcome<api::UpdateServiceResponse> update_service(Tx&, const api::UpdateServiceRequest&);
Outcome<api::DescribeServicesResponse> describe_services(Tx&, const api::DescribeServicesRequest&);
Outcome<api::ListServicesResponse> list_services(Tx&, const api::ListServicesRequest&);
Outcome<api::DeleteServiceResponse> delete_service(Tx&, const api::DeleteServiceRequest&);

Outcome<api::TagResourceResponse> tag_resource(Tx&, const api::TagResourceRequest&);
Outcome<api::UntagResourceResponse> untag_resource(Tx&, const api::UntagResourceRequest&);
Outcome<api::ListTagsForResourceResponse> list_tags_for_resource(Tx&, const api::ListTagsForResourceRequest&);

}  // namespace utakata::ecs
