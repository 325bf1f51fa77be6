#pragma once

#include "services/ecs/state.hpp"

namespace utakata::ecs {

Outcome<api::CreateClusterResponse> create_cluster(Tx&, const api::CreateClusterRequest&);
Outcome<api::UpdateClusterResponse> update_cluster(Tx&, const api::UpdateClusterRequest&);
Outcome<api::DescribeClustersResponse> describe_clusters(Tx&, const api::DescribeClustersRequest&);
Outcome<api::ListClustersResponse> list_clusters(Tx&, const api::ListClustersRequest&);
Outcome<api::PutClusterCapacityProvidersResponse> put_cluster_capacity_providers(
    Tx&, const api::PutClusterCapacityProvidersRequest&);
Outcome<api::DeleteClusterResponse> delete_cluster(Tx&, const api::DeleteClusterRequest&);
Outcome<api::DescribeCapacityProvidersResponse> describe_capacity_providers(
    Tx&, const api::DescribeCapacityProvidersRequest&);

/// Faults when a strategy names providers that the cluster has not, two bases, no weight, ...
Outcome<> check_strategy(const ClusterRow&, const list<api::CapacityProviderStrategyItem>&);

}  // namespace utakata::ecs
