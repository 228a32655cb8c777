# The same start-up as in the README, in a container. The data folder is the volume /data.
#
#   docker build -t inkling --build-arg INKLING_TORCH_INDEX=ADDRESS .
#   docker run -p 8000:8000 -v inkling:/data inkling
#
# INKLING_TORCH_INDEX is PyTorch's index of CPU wheels (pytorch.org, Get started: Pip, CPU); without
# it pip takes the CUDA build, several GB more. The server listens beyond loopback here, so it needs
# a token: it makes one and prints it once (docker logs), or takes yours: -e INKLING_TOKEN=SECRET
# (16 characters or more). Open http://127.0.0.1:8000/?token=SECRET. Another name or address than
# this machine's goes into -e INKLING_ALLOWED_HOSTS=inkling.example.org.

FROM python:3.11-slim AS build
ARG INKLING_TORCH_INDEX=
WORKDIR /inkling
COPY run requirements.lock ./
COPY app/__init__.py app/environment.py app/
RUN ./run install

FROM python:3.11-slim
RUN useradd --system --create-home --uid 10001 inkling && mkdir /data && chown inkling /data
WORKDIR /inkling
COPY --from=build /inkling/.venv .venv
COPY . .
ENV INKLING_HOST=0.0.0.0 INKLING_PORT=8000 INKLING_DATA_DIR=/data PYTHONUNBUFFERED=1
USER inkling
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"INKLING_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["./run"]
CMD ["serve"]
