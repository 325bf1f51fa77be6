#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/vpc_picture.hpp"
#include "ports/ports.hpp"

namespace utakata::sim {

/// The VPCs' simulated twin: nothing is sent; it answers who may reach whom, by the same rules as the real one.
class Network final : public ports::VpcNetwork {
 public:
  /// `changed`: rules of every task of the VPC may have changed (address ""), or those of one address.
  using Changed = std::function<void(const std::string& vpc_id, const std::string& address)>;
  explicit Network(Changed changed = nullptr) : changed_(std::move(changed)) {}

  void configure(const ConfigureVpcs&) override;
  void change(const ChangeVpc&) override;

  /// False in a VPC that is not known.
  [[nodiscard]] bool may_connect(const std::string& vpc_id, const Connection&) const;
  [[nodiscard]] const VpcPicture* vpc(const std::string& id) const;

 private:
  Changed changed_;
  std::map<std::string, VpcPicture> vpcs_;
};

}  // namespace utakata::sim
