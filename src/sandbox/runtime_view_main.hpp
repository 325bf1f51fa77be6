#pragma once

/// Gives this process a mount namespace of its own with what FILE says (runtime_view.hpp); an empty name changes
/// nothing. False, with errno, if it cannot be had.
bool enter_runtime_view(const char* file);

/// utakata-supervisor view FILE PROGRAM ARGUMENT...: becomes PROGRAM in that view.
int run_in_view(char** values);
