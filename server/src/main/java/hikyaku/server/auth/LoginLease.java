package hikyaku.server.auth;

/**
 * A session's place among those its account may have. Close it when the session ends, however it
 * ends; a second time does nothing.
 */
public interface LoginLease extends AutoCloseable {
  @Override
  void close();
}
