#pragma once

/// Gives this process a mount namespace of its own with what FILE says (runtime_view.hpp); an empty name changes
/// nothing. False if it cannot be had; the reason is then in the file `log`, as the runtime would say it.
bool enter_runtime_view(const char* file, const char* log);

/// utakata-supervisor view FILE PROGRAM ARGUMENT...: becomes PROGRAM in that view.
int run_in_view(char** values);
