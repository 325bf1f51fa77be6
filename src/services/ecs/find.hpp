#pragma once

#include "services/ecs/state.hpp"

// Names and ARNs to rows: every identifier parameter takes either.
namespace utakata::ecs {

/// The last part of an ARN, or the text itself.
str short_name(std::string_view name_or_arn);
str arn_of(const World&, std::string_view resource);  // arn:aws:ecs:REGION:ACCOUNT:RESOURCE

/// An active cluster; the default one when the parameter is absent. Fault ClusterNotFoundException.
Outcome<const ClusterRow*> find_cluster(const Tx&, const opt<str>& name_or_arn);
/// By family, family:revision or ARN; the newest active one of a family. Faults as AWS says them.
Outcome<const TaskDefinitionRow*> find_definition(const Tx&, std::string_view text);
/// Null if there is no such service, INACTIVE ones included.
const ServiceRow* find_service(const Tx&, const ClusterRow&, std::string_view name_or_arn);
const TaskRow* find_task(const Tx&, const ClusterRow&, std::string_view id_or_arn);

Key key_of(const World&, const TaskRow&);
Key key_of(const World&, const ServiceRow&);

}  // namespace utakata::ecs
