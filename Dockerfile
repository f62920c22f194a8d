# Vivavoce in one image: `docker build -t vivavoce . && docker run -p 8080:8080 -v vivavoce:/data vivavoce`
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1
RUN python -m venv /opt/vivavoce
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY media ./media
COPY dialog ./dialog
COPY static ./static
COPY server ./server
RUN /opt/vivavoce/bin/pip install . \
 && /opt/vivavoce/bin/python -m compileall -q -j 0 /opt/vivavoce/lib

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin vivavoce \
 && install -d -o vivavoce -g vivavoce /data
COPY --from=build /opt/vivavoce /opt/vivavoce
ENV PATH=/opt/vivavoce/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VIVAVOCE_HOST=0.0.0.0 \
    VIVAVOCE_DATA_DIR=/data
USER vivavoce
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('VIVAVOCE_PORT', '8080') + '/healthz', timeout=3)"]
CMD ["vivavoce", "serve"]
