package hikyaku.app.config;

/** Opens the reader of configurations to tests of other packages. */
public final class ConfigurationAccess {
  private ConfigurationAccess() {}

  public static Configuration parse(String text) throws ConfigurationException {
    return ConfigurationFile.parse("sample", text);
  }
}
