#pragma once

#include <string>

#include "app/arguments.hpp"
#include "images/collect.hpp"
#include "images/image_store.hpp"
#include "reactor/stream.hpp"
#include "wire/sigv4.hpp"

namespace utakata::app {

/// Everything that `utakata serve` can be told, checked.
struct ServeSettings {
  std::string state_dir;
  std::string images_dir;
  reactor::Address listen;
  std::string balancer_address = "127.0.0.1";
  i32 cpu_units = 0;  // of the pool
  i32 memory_mib = 0;
  wire::Credentials credentials;
  std::string runtime = "crun";
  bool own_users = true;
  bool keep_tasks_at_exit = false;
  i64 log_space = 0;  // bytes
  images::Sources image_sources;
  images::CollectRules image_rules;
  images::Credential ecr_login;     // of the registry that stands in for ECR
  bool task_endpoint = true;        // tasks reach the API
  bool egress = true;               // tasks may have a way out of their VPC
  std::string dns;                  // what their resolvers ask: host, none, or an address
  std::string public_block;         // of loopback addresses, for tasks with a public one
  std::string access_log_group;     // gets the lines of every access log; empty: none does
  std::string host_paths, efs, s3;  // absolute folders that tasks may be given parts of; empty: none
};

/// Faults name the option. Without credentials only loopback addresses may be listened on.
Outcome<ServeSettings> serve_settings(const Arguments&);

/// The OCI runtime that --runtime names. Fault names the option.
Outcome<std::string> runtime_of(const Arguments&);

/// What --insecure-registry and --registry-auth say, onto what is known already. Faults name the option.
Outcome<> add_registries(const Arguments&, images::Sources&);

/// Lines ACCESS_KEY_ID SECRET ACCOUNT; empty lines and lines beginning with # are skipped. Faults name the line.
Outcome<wire::Credentials> parse_credentials(std::string_view text);

}  // namespace utakata::app
