// Carries the precompiled header (options.cmake).
