#pragma once

#include <variant>

#include "core/balancer_config.hpp"
#include "core/outside.hpp"
#include "core/task_spec.hpp"
#include "core/vpc_config.hpp"

// What the core asks of the outside. Effects leave after their transaction is durable; each is answered by reports
// (core/report.hpp), which may be late, repeated or lost. Every effect may be repeated without harm.
namespace utakata {

struct StartTask {
  TaskSpec spec;
};

/// Signal, wait for each container's stop timeout, kill: in the reverse order of depends_on.
struct StopTask {
  str task_arn;
};

/// The end of the two-minute warning: whatever still runs is killed now.
struct KillTask {
  str task_arn;
};

struct ConfigureBalancer {
  BalancerConfig config;
};

struct RemoveBalancer {
  str arn;
};

/// Adds events to a log stream; answered by LogStored with the same id once they are durable.
struct StoreLog {
  str id;
  LogAppend append;
};

/// Takes away what is older than this of these streams.
struct ExpireLogs {
  list<str> streams;
  i64 before = 0;  // milliseconds since 1970
};

/// These streams are gone, or everything but these is (level-triggered, after a restart).
struct RemoveLogs {
  list<str> streams;
  bool all_others = false;
};

/// Every VPC that there is, whole: after a start of the control plane. A VPC that is missing here is gone.
struct ConfigureVpcs {
  list<VpcConfig> vpcs;
};

/// What has changed in one VPC, each part of it whole. One that is not known yet begins with it.
struct ChangeVpc {
  str vpc_id;
  bool removed = false;  // the whole VPC
  str cidr;              // empty: as it was
  list<SecurityGroupConfig> groups;
  list<str> removed_groups;
  list<InterfaceConfig> interfaces;
  list<str> removed_interfaces;
  list<DnsName> names;  // one without any answer is gone
};

/// Makes a key and has a certificate signed for it by the platform's own authority; answered by CertificateReport.
struct IssueCertificate {
  str arn;
  list<str> domain_names;  // the first is also the subject's
  str key_algorithm;       // ACM's name: RSA_2048, EC_prime256v1, EC_secp384r1
};

/// A type of its own, so that a transaction can be named without every effect.
struct Effect : std::variant<StartTask, StopTask, KillTask, ConfigureBalancer, RemoveBalancer, StoreLog, ExpireLogs,
                             RemoveLogs, ConfigureVpcs, ChangeVpc, IssueCertificate> {
  using variant::variant;
};

}  // namespace utakata
