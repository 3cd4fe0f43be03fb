package hikyaku.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Brings the classes of libraries into a format that the start-up cache takes. Classes older than
 * Java 6 have no stack maps (JVMS §4.7.4), so the Java virtual machine keeps them out of its cache,
 * and reads and verifies them anew at each start. Run by the build, and never by a node.
 */
public final class ModernJars {
  /** The first format whose classes are verified by their stack maps, and by nothing else. */
  private static final int WITH_STACK_MAPS = ClassFile.JAVA_7_VERSION;

  /** Magic number, minor and major version (JVMS §4.1). */
  private static final int HEAD = 8;

  private static final String CLASS = ".class";

  private ModernJars() {}

  /**
   * Rewrites the jars of a directory that need it.
   *
   * @param arguments the directory
   */
  public static void main(String[] arguments) throws IOException {
    List<Path> old = new ArrayList<>();
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(Path.of(arguments[0]), "*.jar")) {
      for (Path jar : jars) {
        if (isOld(jar)) {
          old.add(jar);
        }
      }
    }
    for (Path jar : old) {
      rewrite(jar);
    }
  }

  /** Whether the cache would leave out a class of this jar. */
  static boolean isOld(Path jar) throws IOException {
    try (JarFile opened = new JarFile(jar.toFile())) {
      for (JarEntry entry : Collections.list(opened.entries())) {
        if (entry.getName().endsWith(CLASS)) {
          try (InputStream in = opened.getInputStream(entry)) {
            if (isOld(in.readNBytes(HEAD))) {
              return true;
            }
          }
        }
      }
      return false;
    }
  }

  /** By the head of the class. */
  private static boolean isOld(byte[] octets) {
    return octets.length >= HEAD
        && ((octets[6] & 0xff) << 8 | octets[7] & 0xff) < ClassFile.JAVA_6_VERSION;
  }

  /** Puts another file in its place: other directories may have the same one, by a link. */
  static void rewrite(Path jar) throws IOException {
    Path fresh = jar.resolveSibling(jar.getFileName() + ".new");
    try (JarFile from = new JarFile(jar.toFile());
        JarOutputStream to = new JarOutputStream(Files.newOutputStream(fresh))) {
      ClassFile format =
          ClassFile.of(
              ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing((ClassDesc name) -> find(from, name))
                      .orElse(ClassHierarchyResolver.defaultResolver())));
      for (JarEntry entry : Collections.list(from.entries())) {
        byte[] octets;
        try (InputStream in = from.getInputStream(entry)) {
          octets = in.readAllBytes();
        }
        JarEntry same = new JarEntry(entry.getName());
        same.setTime(entry.getTime());
        to.putNextEntry(same);
        to.write(
            entry.getName().endsWith(CLASS) && isOld(octets) ? modern(format, octets) : octets);
        to.closeEntry();
      }
    }
    Files.move(fresh, jar, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The same class with stack maps, which are made for each method that is written anew. */
  private static byte[] modern(ClassFile format, byte[] octets) {
    ClassModel old = format.parse(octets);
    return format.transformClass(
        old,
        ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
            .andThen((builder, element) -> {
              if (element instanceof ClassFileVersion) {
                builder.withVersion(WITH_STACK_MAPS, 0);
              } else {
                builder.with(element);
              }
            }));
  }

  private static @Nullable InputStream find(JarFile jar, ClassDesc name) {
    String descriptor = name.descriptorString();
    JarEntry entry = jar.getJarEntry(descriptor.substring(1, descriptor.length() - 1) + CLASS);
    try {
      return entry == null ? null : jar.getInputStream(entry);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
