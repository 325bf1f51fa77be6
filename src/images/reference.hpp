#pragma once

#include <string_view>

#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::images {

/// What a container definition's `image` says: [REGISTRY[:PORT]/]PATH[:TAG][@sha256:DIGEST].
struct Reference {
  str registry;  // "registry.example.com:5000"; empty: none is named
  str path;      // "team/app"
  str tag;       // "latest" when neither tag nor digest is given
  str digest;    // "sha256:..." or empty

  [[nodiscard]] str name() const;  // without tag and digest
  [[nodiscard]] str text() const;  // whole; equal references have equal texts
};

/// As Docker reads it. Faults are AWS's CannotPullContainerError texts.
Outcome<Reference> parse_reference(std::string_view);

/// An image of Amazon ECR: ACCOUNT.dkr.ecr.REGION.amazonaws.com.
bool is_ecr(std::string_view registry);

}  // namespace utakata::images
