#pragma once

#include <span>

#include "app/arguments.hpp"

// The commands of the program. Each returns its exit status: 0 done, 1 a verdict or a failure, 2 misused.
namespace utakata::app {

struct Command {
  CommandRule rule;
  int (*run)(const Arguments&);
};

std::span<const Command> commands();

int run_serve(const Arguments&);
int run_env(const Arguments&);
int run_ca(const Arguments&);
int run_wait_ready(const Arguments&);
int run_doctor(const Arguments&);
int run_spot_status(const Arguments&);
int run_spot_reclaim(const Arguments&);
int run_image_ls(const Arguments&);
int run_image_pull(const Arguments&);
int run_image_import(const Arguments&);
int run_image_rm(const Arguments&);
int run_exec(const Arguments&);
int run_logs(const Arguments&);
int run_drill(const Arguments&);
int run_sim(const Arguments&);
int run_api_dump(const Arguments&);
int run_api_page(const Arguments&);

/// Prints the fault for a person and gives the exit status that fits it.
int fail(const Fault&);

}  // namespace utakata::app
