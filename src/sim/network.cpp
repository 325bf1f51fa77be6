#include "sim/network.hpp"

namespace utakata::sim {

void Network::configure(const ConfigureVpcs& all) {
  vpcs_.clear();
  for (const VpcConfig& each : all.vpcs) vpcs_[each.id].take(each);
  if (!changed_) return;
  for (const VpcConfig& each : all.vpcs) changed_(each.id, "");
}

void Network::change(const ChangeVpc& change) {
  if (change.removed) {
    vpcs_.erase(change.vpc_id);
    return;
  }
  vpcs_[change.vpc_id].take(change);
  if (!changed_) return;
  if (!change.groups.empty() || !change.removed_groups.empty()) return changed_(change.vpc_id, "");
  for (const InterfaceConfig& each : change.interfaces) changed_(change.vpc_id, each.address);
}

bool Network::may_connect(const std::string& vpc_id, const Connection& connection) const {
  const VpcPicture* picture = vpc(vpc_id);
  return picture != nullptr && utakata::may_connect(*picture, connection);
}

const VpcPicture* Network::vpc(const std::string& id) const {
  const auto at = vpcs_.find(id);
  return at == vpcs_.end() ? nullptr : &at->second;
}

}  // namespace utakata::sim
