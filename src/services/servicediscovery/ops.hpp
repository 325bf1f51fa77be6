#pragma once

#include "base/outcome.hpp"
#include "services/servicediscovery/state.hpp"

namespace utakata::servicediscovery {

Outcome<api::OperationResponse> create_private_dns_namespace(Tx&, const api::CreatePrivateDnsNamespaceRequest&);
Outcome<api::OperationResponse> delete_namespace(Tx&, const api::DeleteNamespaceRequest&);
Outcome<api::GetNamespaceResponse> describe_namespace(Tx&, const api::GetNamespaceRequest&);
Outcome<api::ListNamespacesResponse> list_namespaces(Tx&, const api::ListNamespacesRequest&);
Outcome<api::CreateServiceResponse> create_service(Tx&, const api::CreateServiceRequest&);
Outcome<api::DeleteServiceResponse> delete_service(Tx&, const api::DeleteServiceRequest&);
Outcome<api::GetServiceResponse> describe_service(Tx&, const api::GetServiceRequest&);
Outcome<api::ListServicesResponse> list_services(Tx&, const api::ListServicesRequest&);
Outcome<api::OperationResponse> register_instance(Tx&, const api::RegisterInstanceRequest&);
Outcome<api::OperationResponse> deregister_instance(Tx&, const api::DeregisterInstanceRequest&);
Outcome<api::ListInstancesResponse> list_instances(Tx&, const api::ListInstancesRequest&);
Outcome<api::DiscoverInstancesResponse> discover_instances(Tx&, const api::DiscoverInstancesRequest&);
Outcome<api::GetOperationResponse> describe_operation(Tx&, const api::GetOperationRequest&);

}  // namespace utakata::servicediscovery
