package hikyaku.app;

import java.util.Objects;

/** The version of what runs. */
final class Version {
  /** As the build wrote it into the jar; a class directory knows none. */
  static final String PROGRAM =
      Objects.requireNonNullElse(
          Version.class.getPackage().getImplementationVersion(), "development");

  private Version() {}
}
