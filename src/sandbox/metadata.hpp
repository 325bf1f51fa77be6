#pragma once

#include "base/json.hpp"
#include "core/inside.hpp"
#include "sandbox/task_picture.hpp"

// The task metadata documents, in the shape that Fargate gives them (facts: ecs.md §10.2).
namespace utakata::sandbox {

enum class MetadataVersion : std::uint8_t { v3, v4 };

/// How far the host's clock may be off, by the kernel's own account.
struct ClockDrift {
  f64 error_bound_milliseconds = 0;
  bool synchronized = false;
  Instant at;
};

struct MetadataSource {
  const TaskSpec& spec;
  const EndpointIds& ids;
  const TaskPicture& picture;
  const inside::Facts& facts;
  ClockDrift clock;
};

Json container_document(const MetadataSource&, const ContainerSpec&, MetadataVersion);
/// With `tags`, of the /taskWithTags form.
Json task_document(const MetadataSource&, MetadataVersion, bool tags);

}  // namespace utakata::sandbox
